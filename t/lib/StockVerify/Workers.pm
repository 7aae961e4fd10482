package StockVerify::Workers;

# Several workers of a stack whose jobs do as they are told (t/tools/worker_kinds.c), each to be stopped, killed and
# started again; and the jobs for them.

use strict;
use warnings;
use StockVerify::Process qw(spawn signal_group wait_until tail);

my @all;

# stack, count
sub new {
    my ($class, %option) = @_;
    my $self = bless { %option, notes => "$option{stack}{directory}/notes", workers => [], owner => $$ }, $class;
    push @all, $self;
    $self->start($_) for 0 .. $option{count} - 1;
    return $self;
}

sub start {
    my ($self, $n) = @_;
    my $stack = $self->{stack}{stack};
    my $log = $stack->state->{logs}{worker};
    my $process = spawn(["$stack->{build}/test-worker", '-c', "$self->{stack}{directory}/worker.conf"], $log,
        directory => $self->{stack}{directory}, env => { %{ $stack->environment('worker') }, WORKER_JOBS => 1, TEST_NOTES => $self->{notes} });
    my $ready = qr/"event":"worker\.ready","worker":"[^"]*:$process->{pid}:/;
    wait_until(sub { grep { $_ =~ $ready } $self->{stack}->log_lines('worker') }, 30) or die "no worker: " . tail($log, 20);
    $self->{workers}[$n] = $process;
    return;
}

sub count    { return scalar @{ $_[0]{workers} } }
sub pid      { my ($self, $n) = @_; return $self->{workers}[$n]{pid} }
sub is_alive { my ($self, $n) = @_; return StockVerify::Process::is_alive($self->{workers}[$n]) }
sub signal   { my ($self, $n, $signal) = @_; return kill $signal => $self->pid($n) }
sub freeze   { my ($self, $n) = @_; return $self->signal($n, 'STOP') }
sub thaw     { my ($self, $n) = @_; return $self->signal($n, 'CONT') }

sub await_end {
    my ($self, $n) = @_;
    wait_until(sub { !$self->is_alive($n) }, 30) or die "worker $n does not end\n";
    return;
}

sub kill_one { my ($self, $n) = @_; $self->signal($n, 'KILL'); $self->await_end($n); return }
sub stop_one { my ($self, $n) = @_; $self->signal($n, 'TERM'); $self->await_end($n); return }

# As systemd would: whoever died is started again.
sub revive {
    my ($self) = @_;
    $self->is_alive($_) or $self->start($_) for 0 .. $self->count - 1;
    return;
}

# The number of the worker with this pid.
sub number {
    my ($self, $pid) = @_;
    my ($n) = grep { $self->pid($_) == $pid } 0 .. $self->count - 1;
    return $n;
}

# Requests a job: {ms => its length, crash => whether it kills its worker, type, queue}. Written as a request writes it; that nobody
# told Redis of it is what a lost dispatch looks like.
sub request {
    my ($self, $id, %params) = @_;
    my $now = $self->{stack}->mongo->run('{"hello": 1}')->{localTime};
    my ($type, $queue) = (delete $params{type} // 'report.generate', delete $params{queue} // 'low');
    $self->{stack}->mongo->run(insert => 'jobs', documents => [{
        job_id => $id, type => $type, queue => $queue, params => {%params}, requested_by => $self->{owner_id} // 'nobody',
        role => 'supervisor', warehouse => undef, unique_key => undef, pending => \1, status => 'queued', queued_at => $now, created_at => $now,
        delay_ms => 0, attempt => 0, crashed => 0, failed_attempts => 0, cancel_requested => \0, schedule_id => undef, slot => undef, scheduled => \0,
    }]);
    return $id;
}

sub job { my ($self, $id) = @_; return $self->{stack}->mongo->find_one('jobs', { job_id => $id }) }

# What the jobs noted: [what, job, attempt, pid].
sub notes {
    my ($self, $what, $id) = @_;
    open my $in, '<', $self->{notes} or return;
    return grep { (!$what || $_->[0] eq $what) && (!$id || $_->[1] eq $id) } map { [split] } <$in>;
}

# Waits until the job begins (again); the number of the worker.
sub await_begun {
    my ($self, $id, $times) = @_;
    my @begun;
    wait_until(sub { @begun = $self->notes(begun => $id); @begun >= ($times // 1) }, 60) or die "job $id does not begin\n";
    return $self->number($begun[-1][3]);
}

sub await_status {
    my ($self, $id, $status) = @_;
    my $now = '';
    wait_until(sub { ($now = $self->job($id)->{status}) eq $status }, 90) or die "job $id is $now, not $status\n";
    return $self->job($id);
}

# The files a job has in the spool.
sub files {
    my ($self, $id) = @_;
    return map { s{.*/}{}r } glob "$self->{stack}{directory}/spool/jobs/$id/*";
}

sub end_all {
    my ($self) = @_;
    return if $self->{owner} != $$;
    for my $worker (grep { StockVerify::Process::is_alive($_) } @{ $self->{workers} }) {
        signal_group($worker, 'KILL');
        wait_until(sub { !StockVerify::Process::is_alive($worker) }, 10);
    }
    return;
}

END { local $?; $_->end_all for @all }

1;
