#!/usr/bin/perl
# Reloads under load, a process killed under load, and an orderly end while requests are under way.
use lib 't/lib';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack();
my $asha = $stack->login('staff');
my @requests = (
    [$asha, GET => '/api/health'],
    [$asha, GET => '/api/auth/me'],
    [$asha, GET => '/api/sync/conflicts'],
    [$asha, GET => '/api/nothing'],
);
my %right = ('/api/health' => 200, '/api/auth/me' => 200, '/api/sync/conflicts' => 200, '/api/nothing' => 404);

# Every request on a connection of its own, so that none may fail.
sub load {
    my ($total, %when) = @_;
    my %wrong;
    $stack->load(
        clients => 16, total => $total, when => \%when,
        request => sub { my @request = @{ $requests[$_[0] % @requests] }; return [@request, headers => { Connection => 'close' }] },
        answer => sub {
            my ($number, $answer) = @_;
            $wrong{ $answer->text }++ if $answer->status != $right{ $requests[$number % @requests][2] };
        },
    );
    return \%wrong;
}

my %first = map { ($_ => 1) } $stack->workers;
my $hup = sub { $stack->{stack}->signal_part('nginx', 'HUP') };
is_deeply load(3000, 500 => $hup, 1200 => $hup, 1900 => $hup), {}, 'three reloads under load: nothing fails';
wait_until { !grep { $first{$_} } $stack->workers } 30, 'the first processes to end';
ok !(grep { $first{$_} } $stack->workers), 'the processes of before are gone';
is $asha->get('/api/auth/me')->status, 200, 'the new ones serve';

# A killed process takes its own requests with it and nothing else.
my ($victim) = $stack->workers;
$stack->expect_log(qr/worker process $victim exited on signal 9/);
my $wrong = load(1500, 500 => sub { kill KILL => $victim });
my $failed = 0;
$failed += $_ for values %$wrong;
cmp_ok $failed, '<=', 16, 'a killed process fails no more than what it had in hand' or diag explain $wrong;
wait_until { $asha->get('/api/auth/me')->status == 200 } 10, 'service after a killed process';
my $tasks = sub { return scalar grep { $_ } map { values %{ $asha->get('/metrics/json')->json->{$_} } } qw(thread_tasks_queued thread_tasks_running) };
wait_until { !$tasks->() } 10, 'no task of the dead';
is $tasks->(), 0, 'no task of the dead is counted';

# An orderly end waits for what is under way.
SKIP: {
    skip 'the MongoDB server is not ours', 1 unless $stack->owns('mongodb');
    $stack->pause_part('mongodb');
    my $raw = StockVerify::Raw->new($stack);
    $raw->send($raw->request($asha, GET => '/api/sync/conflicts'));
    wait_until { $asha->get('/metrics/json')->json->{thread_tasks_running}{db} == 1 } 10, 'the request to reach a thread';
    $stack->{stack}->signal_part('nginx', 'QUIT');
    $stack->cont_part('mongodb');
    like $raw->read, qr{^HTTP/1.1 200 .*"success":true}s, 'a request under way is answered after QUIT';
    wait_until { !$stack->is_running('nginx') } 20, 'nginx to end';
    $stack->start_part('nginx');
}

done_testing;
