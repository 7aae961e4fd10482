package StockVerify::Setup;

# Brings what is missing, before anything else of these programs may be loaded: a minimal Debian has perl-base only, and
# this file must do with it.

use strict;
use warnings;
use Cwd ();

# Where things are built, absolute: STOCKVERIFY_BUILD, or build/ of the project. (make takes it, and targets in it, so.)
sub build_directory {
    my ($root) = @_;
    my $build = $ENV{STOCKVERIFY_BUILD} // "$root/build";
    return $build =~ m{^/} ? $build : Cwd::getcwd() . "/$build";
}

# Installs the Debian packages that a build needs, then builds (a function) while the rest of the groups of scripts/deps
# is installed beside it: the MongoDB-compatible server, made from source, takes longer than all else together. False
# when something could not be installed; dies as the build does.
sub install_beside_build {
    my ($root, $build, $for_build, $groups) = @_;
    return if system("$root/scripts/deps", '--quiet', '--packages', @$for_build) != 0;
    my $installer = fork // die "fork: $!\n";
    if ($installer == 0) {
        exec "$root/scripts/deps", '--quiet', @$groups or exit 127;
    }
    my $built = eval { $build->(); 1 };
    my $why = $@;
    kill TERM => $installer unless $built;
    waitpid $installer, 0;
    my $installed = $? == 0;
    die $why unless $built;
    return $installed;
}

1;
