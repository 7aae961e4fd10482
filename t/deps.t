#!/usr/bin/perl
# scripts/deps: several at once install one after another, since apt-get update waits for no other; and each group has what is
# installed for it.
use strict;
use warnings;
use Cwd ();
use File::Temp 'tempdir';
use Test::More;

my $directory = tempdir(CLEANUP => 1);

sub program {
    my ($name, $text) = @_;
    open my $out, '>', "$directory/$name" or die "$directory/$name: $!\n";
    print {$out} "#!/bin/sh\n$text";
    close $out;
    chmod 0755, "$directory/$name" or die "$directory/$name: $!\n";
    return;
}

sub lines {
    my ($file) = @_;
    open my $in, '<', "$directory/$file" or return;
    return map { s/\n//r } readline $in;
}

# A machine where nothing is installed yet, and an apt-get that ends at once where another runs, as apt's lists do.
program('dpkg-query', "cat $directory/installed 2>/dev/null | sed 's/^/ii /'\n");
program('id',         "echo 1000\n");
program('node',       "echo v1.0.0\n");
program('sudo',       "shift\ncase \$1 in apt-get) exec \"\$@\" ;; esac\n");
program('apt-get', <<"END");
exec 7>$directory/lists
flock -n 7 || { echo 'E: Could not get lock'; exit 100; }
sleep 0.3
case \$1 in install)
    case \$2 in -s) case "\$*" in *rustc-web*) exec test -e $directory/offered ;; esac ;; esac
    echo "\$*" >>$directory/runs
    for package do case \$package in [a-z]*) echo \$package >>$directory/installed ;; esac; done ;;
esac
END

local $ENV{PATH} = "$directory:$ENV{PATH}";
local $ENV{STOCKVERIFY_CACHE} = "$directory/cache";
my @running = map {
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDOUT, '>', "$directory/out.$_" or die "$!\n";
        open STDERR, '>&', \*STDOUT or die "$!\n";
        exec 'scripts/deps', '--packages', 'bench' or exit 127;
    }
    $pid;
} 1 .. 3;
for my $i (0 .. $#running) {
    waitpid $running[$i], 0;
    is $?, 0, 'it installs whoever else does' or diag join "\n", lines('out.' . ($i + 1));
}
my @runs = lines('runs');
is @runs, 1, 'what one has installed the others find' or diag join "\n", @runs;
like $runs[0], qr/ jq python3 python3-venv wrk$/, 'what was missing';

# Whatever is installed, the console's packages are: by npm, whose Node comes with Python where there is none.
for my $group (qw(build stack test bench)) {
    unlink "$directory/$_" for qw(installed runs);
    local $ENV{MONGODB_URI} = 'mongodb://elsewhere';
    system("scripts/deps --packages $group >$directory/out.1 2>&1");
    is $?, 0, "$group is installed" or diag join "\n", lines('out.1');
    like join("\n", lines('runs')), qr/ python3-venv\b/, 'with what Node comes by';
}

# The MongoDB-compatible server is made by a Rust that is new enough: the one on PATH, else Debian's. Only where neither can be had
# it comes as a wheel. rustup's commands without a toolchain are none.
SKIP: {
    skip 'there is a Rust of Debian\'s here, or a MongoDB server', 8 if -x '/usr/bin/rustc' || grep { -x "$_/mongod" || -x "$_/secantusd-rs" } split /:/, $ENV{PATH};
    program('cargo', '');
    for ([new => 'echo rustc 1.95.0', 1], [shim => 'echo no toolchain >&2; exit 1', 1], [old => 'echo rustc 1.63.0', 1], [old => 'echo rustc 1.63.0', 0]) {
        my ($which, $rustc, $offered) = @$_;
        unlink map { "$directory/$_" } qw(installed runs offered);
        program('rustc', "$rustc\n");
        if ($offered) { open my $out, '>', "$directory/offered" or die "$!\n" }
        delete local $ENV{MONGODB_URI};
        system("scripts/deps --packages server >$directory/out.1 2>&1");
        is $?, 0, "a server is made with a Rust that is $which" or diag join "\n", lines('out.1');
        my $installed = join "\n", lines('runs');
        is $installed =~ /rustc-web/ ? 'Debian\'s Rust' : $installed =~ /python3-venv/ ? 'wheel' : $installed =~ /cmake/ ? 'Rust on PATH' : 'nothing',
            $which eq 'new' ? 'Rust on PATH' : $offered ? 'Debian\'s Rust' : 'wheel', "by what it is when Debian " . ($offered ? 'offers one' : 'offers none');
    }
}

done_testing;
