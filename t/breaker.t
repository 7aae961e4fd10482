#!/usr/bin/perl
# The circuit before MongoDB: opens after failures, answers at once, lets one probe through, closes by itself.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => {
    MONGODB_TIMEOUT => 300, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 3, CIRCUIT_BREAKER_TIMEOUT => 2,
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

# Half open: of many, few go out as probes, and their failure opens it again.
wait_until { figures()->{circuit_state} == 2 } 20, 'the circuit to be half open';
%codes = ();
$codes{ $_->code }++ for $stack->parallel(map { [$asha, GET => $path] } 1 .. 20);
is $codes{unavailable}, 1, 'one probe went out' or diag explain \%codes;
is $codes{circuit_open}, 19, 'the others were refused';
is figures()->{circuit_state}, 1, 'its failure opened the circuit again';

# A killed process cannot wedge the probe (HALF_OPEN is checked again by whoever comes next).
$stack->cont_part('mongodb');
wait_until { $asha->get($path)->status == 200 } 30, 'service to return by itself';
wait_until { figures()->{circuit_state} == 0 } 10, 'the circuit to close';
is figures()->{circuit_state}, 0, 'closed again';
is $asha->get('/api/health')->status, 200, 'healthy again' or wait_until { $asha->get('/api/health')->status == 200 } 5;

done_testing;
