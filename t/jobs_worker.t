#!/usr/bin/perl
# Workers at their jobs: killed, stopped, woken, rolled, with Redis emptied under them. No job is lost, none is done twice.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Workers;

my $stack = start_stack(settings => { JOB_CLAIM => 600, JOB_RETRY_DELAY => 50, WORKER_JOBS => 0, WORKER_GRACE => 4 });
my $boss = $stack->login('supervisor');
my $workers = StockVerify::Workers->new(stack => $stack, count => 3);
$workers->{owner_id} = $boss->user_id;
my $next = 0;

sub request_some {
    my ($what, $count, %params) = @_;
    return map { $workers->request("$what-$_", %params) } map { ++$next } 1 .. $count;
}

# All have ended well, each with one file: that of the attempt which succeeded.
sub all_done {
    my ($what, @ids) = @_;
    $workers->await_status($_, 'succeeded') for @ids;
    my (@wrong, @crashed);
    for my $id (@ids) {
        my $job = $workers->job($id);
        my @files = $workers->files($id);
        push @wrong, "$id: @files, $job->{result}{file}" unless @files == 1 && $job->{result}{file} eq "jobs/$id/$files[0]" && $files[0] eq "$job->{attempt}.csv";
        my $body = $boss->get("/api/jobs/$id/result")->body;
        push @wrong, "$id: $body" unless $body eq "$id,$job->{attempt}\r\n";
        push @crashed, $id if $job->{crashed};
    }
    is_deeply \@wrong, [], "$what: each has one result, of the attempt that succeeded";
    return @crashed;
}

subtest 'a long job' => sub {
    my ($id) = request_some('long', 1, ms => 3500);
    $workers->await_begun($id);
    wait_until { ($boss->get("/api/jobs/$id")->data->{progress} || { done => 0 })->{done} > 0 } 10, 'progress to be seen';
    my $job = $workers->await_status($id, 'succeeded');
    is $job->{attempt}, 1, 'six times as long as its claim, it runs once';
    is scalar $workers->notes(begun => $id), 1, 'and is begun once';
    is $job->{crashed}, 0, 'its claim never lapsed';
};

subtest 'cancelling' => sub {
    my ($id) = request_some('cancel', 1, ms => 60_000);
    $workers->await_begun($id);
    is $boss->del("/api/jobs/$id")->status, 200, 'asked for over HTTP';
    my $job = $workers->await_status($id, 'cancelled');
    is_deeply [$workers->files($id)], [], 'it leaves no file';
    is scalar $workers->notes(ended => $id), 0, 'and did not run to its end';
};

subtest 'a worker killed in mid-job' => sub {
    my ($id) = request_some('killed', 1, ms => 1500);
    $workers->kill_one($workers->await_begun($id));
    all_done('another took over', $id);
    my $job = $workers->job($id);
    is "$job->{attempt} $job->{crashed}", '2 1', 'in a second attempt, the first counted as a crash';
    $workers->revive;
};

subtest 'a job that kills its worker' => sub {
    my ($id) = request_some('deadly', 1, ms => 20, crash => \1);
    my $status = '';
    wait_until { $workers->revive; ($status = $workers->job($id)->{status}) eq 'failed' } 90, 'the job to be dead';
    my $job = $boss->get("/api/jobs/$id")->data;
    is $job->{error}{code}, 'attempts_exhausted', 'it is dead';
    is $job->{attempts}, 3, 'after three';
    is scalar $workers->notes(begun => $id), 3, 'it was begun no more often';
    my ($listed) = $stack->ctl([qw(jobs list --status failed)]);
    like $listed, qr/\Q$id/, 'it is listed among the dead letters';
    $workers->revive;
    $stack->mongo->update('jobs', { job_id => $id }, { '$set' => { params => { ms => 20 } } });
    my ($output, $exit) = $stack->ctl([qw(jobs requeue), $id]);
    is $exit, 0, 'mended, it is requeued by hand' or diag $output;
    $workers->await_status($id, 'succeeded');
    is_deeply [$workers->files($id)], ['4.csv'], 'and runs';
};

subtest 'a worker that sleeps through the loss of its job' => sub {
    my ($id) = request_some('asleep', 1, ms => 1500);
    my $sleeper = $workers->await_begun($id);
    $workers->freeze($sleeper);
    $workers->await_begun($id, 2);
    my $job = $workers->await_status($id, 'succeeded');
    is $job->{attempt}, 2, 'another did it';
    $workers->thaw($sleeper);
    wait_until { grep { /job \Q$id\E .*attempt 1 was taken away/ } $stack->log_lines('worker') } 30, 'the sleeper to be refused';
    is_deeply [all_done('woken', $id)], [$id], 'what the sleeper did counts for nothing';
    is $workers->job($id)->{attempt}, 2, 'the job is as it was';
};

subtest 'a worker that wakes while another has its job' => sub {
    my ($id) = request_some('awake', 1, ms => 3000);
    my $sleeper = $workers->await_begun($id);
    $workers->freeze($sleeper);
    $workers->await_begun($id, 2);
    $workers->thaw($sleeper);
    all_done('both at it', $id);
    wait_until { grep { /job \Q$id\E .*attempt 1 was taken away/ } $stack->log_lines('worker') } 30, 'the sleeper to be refused';
    is_deeply [$workers->files($id)], ['2.csv'], 'one file';
};

subtest 'slots of their own' => sub {
    my @long = request_some('snapshot', $workers->count + 1, ms => 60_000, type => 'snapshot.create', queue => 'default');
    wait_until { $workers->notes('begun') && grep({ $workers->job($_)->{status} eq 'running' } @long) == $workers->count } 30, 'every slot for all kinds to be taken';
    my @csv = request_some('csv', 2, ms => 20, type => 'snapshot.export', queue => 'short');
    my @mail = request_some('mail', 2, ms => 20, type => 'mail.deliver', queue => 'mail');
    all_done('files and mails wait behind no snapshot', @csv, @mail);
    is_deeply [map { $workers->job($_)->{status} } @long], [('running') x $workers->count, 'queued'], 'which go on meanwhile';
    $boss->del("/api/jobs/$_") for @long;
    $workers->await_status($_, 'cancelled') for @long;
};

subtest 'workers rolled over' => sub {
    my @ids = request_some('rolled', 60, ms => 100);
    wait_until { $workers->notes(begun => $ids[0]) || $workers->notes(begun => $ids[1]) } 30, 'work to begin';
    for my $round (1 .. 2) {
        for my $n (0 .. $workers->count - 1) {
            $workers->stop_one($n);
            $workers->start($n);
        }
    }
    is_deeply [all_done('rolled over', @ids)], [], 'nobody counts as crashed';
    my %ended;
    $ended{ $_->[1] }++ for $workers->notes('ended');
    is_deeply [grep { ($ended{$_} // 0) != 1 } @ids], [], 'none was done twice';
};

subtest 'a long job handed over' => sub {
    my ($id) = request_some('handed', 1, ms => 6000);
    my $first = $workers->await_begun($id);
    $workers->stop_one($first);
    my $job = $workers->await_status($id, 'succeeded');
    is $job->{attempt} . ' ' . $job->{crashed} . ' ' . $job->{failed_attempts}, '2 0 0', 'it counts neither as crashed nor as failed';
    $workers->start($first);
};

subtest 'Redis emptied under load' => sub {
    my @ids = request_some('emptied', 40, ms => 60);
    for my $round (1 .. 8) {
        push @ids, request_some('emptied', 8, ms => 60);
        my $before = $workers->notes('ended');
        $stack->empty_redis;
        wait_until { $workers->notes('ended') > $before } 60, 'work to go on';
    }
    is_deeply [all_done('emptied', @ids)], [], 'no job is lost, and no worker with it';
    my %ended;
    $ended{ $_->[1] }++ for $workers->notes('ended');
    is_deeply [grep { ($ended{$_} // 0) != 1 } @ids], [], 'none was done twice';
};

subtest 'all at once' => sub {
    my @ids = request_some('storm', 60, ms => 150);
    my $killed = 0;
    wait_until { $workers->notes('begun') } 30, 'work to begin';
    for my $round (1 .. 9) {
        my $n = $round % $workers->count;
        my $before = $workers->notes('ended');
        $workers->kill_one($n) if $round % 3 == 0;
        $workers->freeze($n) if $round % 3 == 1;
        $stack->empty_redis if $round % 3 == 2;
        wait_until { $workers->notes('ended') > $before + 2 } 60, 'work to go on';
        $workers->thaw($n) if $round % 3 == 1;
        $workers->revive;
    }
    all_done('stormed', @ids);
    my @left = grep { defined } map { $stack->mongo->find('jobs', { status => $_ }) } qw(queued running);
    is_deeply \@left, [], 'nothing is left over';
};

$workers->end_all;
done_testing;
