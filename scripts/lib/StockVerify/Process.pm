package StockVerify::Process;

# Starting, watching and ending background processes, each the leader of a session of its own.

use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(spawn is_alive end_process children signal_group start_time wait_until tail);

# Polls until the condition holds; false when it did not within the limit (seconds).
sub wait_until {
    my ($condition, $limit) = @_;
    my $end = time + ($limit // 10);
    my $pause = 0.002;
    while (1) {
        my $value = $condition->();
        return $value if $value;
        return if time > $end;
        sleep $pause;
        $pause = $pause * 1.5 < 0.05 ? $pause * 1.5 : 0.05;
    }
}

# The kernel's start time of a process: with the pid it names a process for good. Undef: no such process, or a zombie.
sub start_time {
    my ($pid) = @_;
    open my $stat, '<', "/proc/$pid/stat" or return;
    my $line = <$stat> // return;
    my @fields = split / /, $line =~ s/^.*\) //sr;
    return if $fields[0] eq 'Z' || $fields[0] eq 'X';
    return $fields[19];
}

sub is_alive {
    my ($process) = @_;
    return 0 unless $process && $process->{pid};
    waitpid $process->{pid}, POSIX::WNOHANG();    # a child that ended must not stay a zombie
    my $started = start_time($process->{pid});
    return defined $started && $started == $process->{started} ? 1 : 0;
}

# Starts a command in a session of its own, detached, its output appended to a log.
# Options: env => {NAME => VALUE, or undef to leave NAME out}, directory => DIR. Returns {pid, started}; dies when the command can't be executed.
sub spawn {
    my ($command, $log, %option) = @_;
    pipe my $failed, my $report or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        close $failed;
        POSIX::setsid();
        # Nothing of the caller's may stay open here: a reader of the caller's output would wait for this process.
        my $why = redirect($log);
        $why ||= "cannot enter $option{directory}: $!"
            if !$why && $option{directory} && !chdir $option{directory};
        if (!$why) {
            my %env = %{ $option{env} || {} };
            defined $env{$_} ? $ENV{$_} = $env{$_} : delete $ENV{$_} for keys %env;
            close_above(2, fileno $report);
            { no warnings 'exec'; exec { $command->[0] } @$command }
            $why = "cannot run $command->[0]: $!";
        }
        syswrite $report, $why;
        POSIX::_exit(127);
    }
    close $report;
    my $why = do { local $/; <$failed> };
    if (length $why) {
        waitpid $pid, 0;
        die "$why\n";
    }
    return { pid => $pid, started => start_time($pid) // 0 };
}

sub redirect {
    my ($log) = @_;
    open STDIN,  '<',  '/dev/null' or return "/dev/null: $!";
    open STDOUT, '>>', $log        or return "$log: $!";
    open STDERR, '>&', \*STDOUT    or return "stderr: $!";
    return;
}

# The report pipe is close-on-exec, as every descriptor Perl opens above 2.
sub close_above {
    my ($last, $keep) = @_;
    opendir my $fds, '/proc/self/fd' or return;
    my @open = grep { /^\d+$/ && $_ > $last && $_ != $keep } readdir $fds;
    closedir $fds;
    POSIX::close($_) for @open;
    return;
}

sub children {
    my ($pid) = @_;
    open my $list, '<', "/proc/$pid/task/$pid/children" or return;
    return split ' ', <$list> // '';
}

# Every process that `spawn` began with this one. Of it alone: it is the leader of its own group.
sub signal_group {
    my ($process, $signal) = @_;
    return 0 unless is_alive($process) || kill 0, -$process->{pid};
    return kill $signal, -$process->{pid};
}

# Asks with a signal, waits, then kills the whole group. Returns true when it ended by itself.
sub end_process {
    my ($process, $signal, $limit) = @_;
    return 1 unless is_alive($process);
    kill CONT => -$process->{pid};
    kill $signal, $process->{pid};
    return 1 if wait_until(sub { !is_alive($process) }, $limit);
    kill KILL => -$process->{pid};
    wait_until(sub { !is_alive($process) }, 5);
    return 0;
}

sub tail {
    my ($file, $lines) = @_;
    open my $in, '<', $file or return '';
    my @all = <$in>;
    splice @all, 0, @all - $lines if @all > $lines;
    return join '', @all;
}

1;
