#!/usr/bin/perl
# scripts/stack up, interrupted as by ^C: it ends, and nothing that it started is left running or half made.
use lib 't/lib';
use StockVerify::Test;
use File::Temp 'tempdir';
use JSON::PP 'decode_json';
use StockVerify::Process;

my $base = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
my $dir = "$base/stack";

END { local $?; system('scripts/stack', 'down', '--dir', $dir) if defined $dir && -e "$dir/stack.json" }

sub read_json {
    open my $in, '<', "$dir/stack.json" or return;
    return decode_json(do { local $/; <$in> });
}

sub program {
    my ($name, $text) = @_;
    mkdir "$base/bin";
    open my $out, '>', "$base/bin/$name" or die "$base/bin/$name: $!\n";
    print {$out} "#!/bin/sh\n$text\n";
    close $out;
    chmod 0755, "$base/bin/$name" or die "$base/bin/$name: $!\n";
    return;
}

# Runs `up` as a shell runs a command, in a process group of its own; interrupts all of that group once a line of the
# output matches. The output, and how it ended.
sub interrupted_up {
    my ($when, @options) = @_;
    my $pid = open my $out, '-|';
    if (!$pid) {
        setpgrp;
        open STDERR, '>&', \*STDOUT or POSIX::_exit(127);
        exec 'scripts/stack', 'up', '--dir', $dir, @options or POSIX::_exit(127);
    }
    my ($output, @pids) = ('');
    while (my $line = <$out>) {
        $output .= $line;
        next unless $line =~ $when && !@pids;
        @pids = values %{ (read_json() // {})->{pids} };
        kill INT => -$pid;
    }
    close $out;
    return ($output, $? >> 8, @pids);
}

# A make that ^C reached, asked whether anything is to be built.
my $asked = "$base/asked";
program('make', "echo asked >>'$asked'; kill -INT \$\$; sleep 5");
{
    local $ENV{PATH} = "$base/bin:$ENV{PATH}";
    my ($output, $status) = interrupted_up(qr/(?!)/);
    is $status, 130, 'an interrupt while it is looked what there is to build ends it';
    like $output, qr/^scripts\/stack: interrupted$/m, 'which is said';
    open my $calls, '<', $asked or die "$asked: $!\n";
    is scalar(() = <$calls>), 1, 'and nothing is built';
    ok !-e "$dir/stack.json", 'nor started';
}

for my $when (qr/^Seeding/, qr/^Counting/) {
    my ($output, $status, @pids) = interrupted_up($when, '--no-build');
    is $status, 130, "an interrupt at $when ends it";
    like $output, qr/^Interrupted: stopping what was started$/m, 'which is said';
    cmp_ok scalar @pids, '>', 0, 'something had been started';
    is_deeply [grep { StockVerify::Process::start_time($_) } @pids], [], 'and has ended';
    ok !-e "$dir/stack.json", 'nothing is said to run';
    ok !-e "$dir/demo", 'and no demo data are there in part';
}

my $output = qx(scripts/stack up --no-build --dir $dir 2>&1);
like $output, qr/^Running in/m, 'up after it begins anew' or diag $output;
unlike $output, qr/have no history/, 'with all of the demo data';
ok -e "$dir/demo/counted", 'and counts of them';
like qx(scripts/stack logs worker --dir $dir), qr/"event"/, 'a log';
unlink "$dir/log/nginx.log";
{ open my $empty, '>', "$dir/log/nginx.log" or die "$!\n" }
is qx(scripts/stack logs nginx --dir $dir), "$dir/log/nginx.log is empty\n", 'one that is empty is said to be';
system('scripts/stack', 'down', '--wipe', '--dir', $dir);
ok !-e $dir, 'down';
done_testing;
