#!/usr/bin/perl
# Clients that go away at every stage of a request: what was begun for them ends, and nobody else notices.
use lib 't/lib';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(settings => { REDIS_TIMEOUT => 5000 });
my $asha = $stack->login('staff');
my $batch = '{"records":[]}' . ' ' x 200_000;
my @ends = (sub { $_[0]->close }, sub { $_[0]->abort });

sub metrics { return $asha->get('/metrics/json')->json }
sub busy    { my $figures = metrics(); return map { @{ $figures->{$_} }{qw(db hash)} } qw(thread_tasks_queued thread_tasks_running) }
sub is_idle { return join(' ', busy()) eq '0 0 0 0' }

sub open_request {
    my ($bytes) = @_;
    my $raw = StockVerify::Raw->new($stack);
    return $raw->send($bytes // $raw->request($asha, GET => '/api/sync/conflicts'));
}

sub serves {
    my ($what) = @_;
    for my $path ('/api/auth/me', '/api/sync/conflicts', '/api/health') {
        my $answer = $asha->get($path);
        is $answer->status, 200, "$path after $what" or diag $answer->text;
    }
    return;
}

# In the head, in the body, with a byte missing, and with a second request behind the first.
my $head = StockVerify::Raw->request($asha, POST => '/api/sync/batch', $batch);
for my $length (1, 40, index($head, "\r\n\r\n"), index($head, "\r\n\r\n") + 4, 100_000, length($head) - 1) {
    for my $end (@ends) {
        my $raw = open_request(substr $head, 0, $length);
        $end->($raw);
    }
}
open_request($head x 2)->abort;
my $raw = open_request();
$raw->send($raw->request($asha, GET => '/api/auth/me'));
$raw->abort;
serves('half requests');

SKIP: {
    skip 'Redis is not ours', 3 unless $stack->owns('redis');
    $stack->pause_part('redis');
    my @waiting = map { open_request() } 1 .. 20;
    push @waiting, map { open_request(StockVerify::Raw->request($asha, GET => '/api/health')) } 1 .. 5;
    $ends[$_ % 2]->($waiting[$_]) for 0 .. $#waiting;
    $stack->cont_part('redis');
    serves('clients that left while Redis was asked');
}

SKIP: {
    skip 'the MongoDB server is not ours', 4 unless $stack->owns('mongodb');
    $stack->pause_part('mongodb');
    my @waiting = map { open_request() } 1 .. 20;
    wait_until { my @busy = busy(); $busy[0] + $busy[2] >= 20 } 10, 'all of them to be with the threads';
    $ends[$_ % 2]->($waiting[$_]) for 0 .. $#waiting;
    $stack->cont_part('mongodb');
    wait_until { is_idle() } 20, 'the threads to finish';
    ok is_idle(), 'what threads did for clients that left came to its end';
    serves('clients that left while MongoDB was asked');
}

# While the password is hashed, and while the answer is written.
my ($user) = $stack->users('staff');
my $login = StockVerify::Raw->request(undef, POST => '/api/auth/login',
    qq({"username":"$user->{username}","password":"$user->{password}"}));
for my $number (0 .. 5) {
    my $leaving = open_request($login);
    wait_until { my @busy = busy(); !is_idle() } 10, 'a thread to hash' if $number == 0;
    $ends[$number % 2]->($leaving);
}
wait_until { is_idle() } 20, 'the hashes to end';
open_request(StockVerify::Raw->request(undef, GET => '/metrics'))->abort for 1 .. 10;
serves('clients that left in a login and in an answer');

# While a job is waited for that nobody does.
$stack->stop_part('worker');
my $asking = StockVerify::Raw->request($stack->login('admin'), POST => '/api/admin/indexes') =~ s/\r\n\r\n/\r\nPrefer: wait=30\r\n\r\n/r;
my @asking = map { open_request($asking) } 1 .. 6;
wait_until { $stack->mongo->count('jobs', { type => 'indexes.ensure', status => 'queued' }) } 10, 'the job to be asked for';
$ends[$_ % 2]->($asking[$_]) for 0 .. $#asking;
serves('clients that left while a job was waited for');
$stack->start_part('worker');

# A process that served them all ends in order.
$stack->reload;
serves('a reload');

done_testing;
