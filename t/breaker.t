#!/usr/bin/perl
# The circuit before MongoDB: opens after failures, answers at once, lets one probe through, closes by itself.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Raw;

my $stack = start_stack(settings => {
    MONGODB_TIMEOUT => 1000, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 3, CIRCUIT_BREAKER_TIMEOUT => 2,
});
plan skip_all => 'the MongoDB server is not ours to pause' unless $stack->owns('mongodb');
my $asha = $stack->login('staff');
my $path = '/api/sync/conflicts';
is $asha->get($path)->status, 200, 'all is well';

sub figures { return $asha->get('/metrics/json')->json }
is figures()->{circuit_state}, 0, 'the circuit is closed';

# What a client sends is never the database's fault.
is $asha->get("$path?cursor=nonsense")->status, 400, 'a bad request' for 1 .. 5;
is figures()->{circuit_state}, 0, 'bad requests leave it closed';

$stack->pause_part('mongodb');
my $answer;
wait_until { $answer = $asha->get($path); $answer->code eq 'circuit_open' } 30, 'the circuit to open';
is $answer->status, 503, 'an open circuit is 503';
like $answer->header('Retry-After'), qr/^[12]$/, 'and says when to come back';
is $asha->get('/api/auth/me')->status, 200, 'what needs no database goes on';
my $health = $asha->get('/api/health');
is $health->status, 503, 'health is not stopped by the circuit: it looks for itself';
is $health->json->{status}, 'unhealthy', 'unhealthy';
is $health->json->{data}{checks}{mongodb}{status}, 'down', 'because of MongoDB';
is $health->json->{data}{checks}{redis}{status}, 'up', 'not of Redis';

# Nobody waits for an open circuit: forty requests add no task to a thread.
my $refused = figures()->{thread_refusals_total}{circuit_open};
my %codes;
$codes{ $_->code }++ for $stack->parallel(map { [$asha, GET => $path] } 1 .. 40);
ok $codes{circuit_open}, 'requests are refused at once';
cmp_ok figures()->{thread_refusals_total}{circuit_open} - $refused, '>=', $codes{circuit_open}, 'and counted';

# Half open: a request that is refused before MongoDB is asked is no probe, and closes nothing.
wait_until { figures()->{circuit_state} == 2 } 20, 'the circuit to be half open';
is $asha->get("$path?limit=0")->status, 400, 'a malformed request' for 1 .. 3;
is figures()->{circuit_state}, 2, 'leaves the circuit half open';

# Half open: of many, few go out as probes, and their failure opens it again.
wait_until { figures()->{circuit_state} == 2 } 20, 'the circuit to be half open';
%codes = ();
$codes{ $_->code }++ for $stack->parallel(map { [$asha, GET => $path] } 1 .. 20);
is $codes{unavailable}, 1, 'one probe went out' or diag explain \%codes;
is $codes{circuit_open}, 19, 'the others were refused';
is figures()->{circuit_state}, 1, 'its failure opened the circuit again';

# Tasks that wait for a thread while the circuit opens are not tried one by one.
$stack->cont_part('mongodb');
wait_until { $asha->get($path)->status == 200 && figures()->{circuit_state} == 0 } 30, 'the circuit to close';
$stack->pause_part('mongodb');
%codes = ();
$codes{ $_->code }++ for $stack->parallel(map { [$asha, GET => $path] } 1 .. 80);
cmp_ok $codes{unavailable}, '<=', 24, 'of eighty, those that had a thread found MongoDB away' or diag explain \%codes;
is $codes{unavailable} + $codes{circuit_open}, 80, 'the others were told that the circuit is open' or diag explain \%codes;

# A malformed request between failures ends no row of them.
$stack->cont_part('mongodb');
wait_until { $asha->get($path)->status == 200 && figures()->{circuit_state} == 0 } 30, 'the circuit to close again';
$stack->pause_part('mongodb');
for (1 .. 3) {
    is $asha->get($path)->code, 'unavailable', 'a failure';
    is $asha->get("$path?limit=0")->status, figures()->{circuit_state} ? 503 : 400, 'and a malformed request';
}
is figures()->{circuit_state}, 1, 'three failures opened the circuit';
wait_until { figures()->{circuit_state} == 2 } 20, 'the circuit to be half open once more';

# Processes that are killed with the probe under way cannot wedge it: it expires, and whoever comes next is the probe.
$stack->expect_log(qr/worker process \d+ exited on signal 9/);
wait_until { figures()->{circuit_state} == 2 } 20, 'the circuit to be half open again';
my $raw = StockVerify::Raw->new($stack);
$raw->send($raw->request($asha, GET => $path));
wait_until { figures()->{thread_tasks_running}{db} } 10, 'the probe to be under way';
my %dead = map { ($_ => 1) } $stack->workers;
kill KILL => keys %dead;
$raw->close;
wait_until { my @now = $stack->workers; @now == keys %dead && !grep { $dead{$_} } @now } 20, 'new nginx processes';
wait_until { ($asha->get('/api/auth/me')->failure // '') eq '' } 10, 'them to answer';
$stack->cont_part('mongodb');
wait_until { $asha->get($path)->status == 200 } 30, 'service to return by itself';
wait_until { figures()->{circuit_state} == 0 } 10, 'the circuit to close';
is figures()->{circuit_state}, 0, 'closed again';
is $asha->get('/api/health')->status, 200, 'healthy again' or wait_until { $asha->get('/api/health')->status == 200 } 5;

done_testing;
