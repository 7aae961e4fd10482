package StockVerify::Setup;

# Brings what is missing, before anything else of these programs may be loaded: a minimal Debian has perl-base only, and
# this file must do with it.

use strict;
use warnings;
use Cwd ();
use POSIX 'WNOHANG';
use StockVerify::Interrupt;

# Where things are built, absolute: STOCKVERIFY_BUILD, or build/ of the project. (make takes it, and targets in it, so.)
sub build_directory {
    my ($root) = @_;
    my $build = $ENV{STOCKVERIFY_BUILD} // "$root/build";
    return $build =~ m{^/} ? $build : Cwd::getcwd() . "/$build";
}

# Installs what takes longest and what a build needs first, then builds while the rest is installed beside it: the
# MongoDB-compatible server is made from source, which takes longer than all else together. root => the project's folder,
# first => groups of scripts/deps for the build, groups => those of the rest, build => a function, console => another,
# called beside it as soon as the console's packages are there. False when something could not be installed; dies as they do.
sub install_beside_build {
    my (%option) = @_;
    my $deps = "$option{root}/scripts/deps";
    StockVerify::Interrupt::run($deps, '--quiet', '--packages', @{ $option{first} }, 'server') or return;
    my $installer = StockVerify::Interrupt::begin($deps, '--quiet', @{ $option{groups} });
    my $console = $option{console} && StockVerify::Interrupt::begin_work(sub {
        select undef, undef, undef, 0.5 until StockVerify::Interrupt::run("exec '$deps' --node >/dev/null 2>&1");
        $option{console}->();
    });
    return 1 if eval {
        $option{build}->();
        StockVerify::Interrupt::ended($installer) && (!$console || StockVerify::Interrupt::ended($console));
    };
    my $why = $@;
    for my $pid (grep { $_ && waitpid($_, WNOHANG) == 0 } $installer, $console) {
        kill TERM => $pid;
        waitpid $pid, 0;
    }
    die $why if $why;
    return;
}

1;
