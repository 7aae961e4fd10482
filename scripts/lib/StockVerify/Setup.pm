package StockVerify::Setup;

# Brings what is missing, before anything else of these programs may be loaded: a minimal Debian has perl-base only, and
# this file must do with it.

use strict;
use warnings;
use Cwd ();
use POSIX 'WNOHANG';

# Where things are built, absolute: STOCKVERIFY_BUILD, or build/ of the project. (make takes it, and targets in it, so.)
sub build_directory {
    my ($root) = @_;
    my $build = $ENV{STOCKVERIFY_BUILD} // "$root/build";
    return $build =~ m{^/} ? $build : Cwd::getcwd() . "/$build";
}

# Installs what takes longest and what a build needs first, then builds while the rest is installed beside it: the
# MongoDB-compatible server is made from source, which takes longer than all else together. root => the project's folder,
# first => groups of scripts/deps for the build, groups => those of the rest, build => a function, console => another,
# called as soon as the console's packages are there. False when something could not be installed; dies as they do.
sub install_beside_build {
    my (%option) = @_;
    my $deps = "$option{root}/scripts/deps";
    return if system($deps, '--quiet', '--packages', @{ $option{first} }, 'server') != 0;
    my $installer = fork // die "fork: $!\n";
    if ($installer == 0) {
        exec $deps, '--quiet', @{ $option{groups} } or exit 127;
    }
    my $installed;
    my $ended = sub {
        my ($flags) = @_;
        $installed //= $? == 0 if !defined $installed && waitpid($installer, $flags) != 0;
        return defined $installed;
    };
    my $built = eval {
        $option{build}->();
        if ($option{console}) {
            select undef, undef, undef, 0.5 until system("$deps --node >/dev/null 2>&1") == 0 || $ended->(WNOHANG);
            $option{console}->();
        }
        1;
    };
    my $why = $@;
    kill TERM => $installer unless $built || $ended->(WNOHANG);
    $ended->(0);
    die $why unless $built;
    return $installed;
}

1;
