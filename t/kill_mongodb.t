#!/usr/bin/perl
# The MongoDB server is killed, and stopped, in the middle of batches, claims and heartbeats: what was acknowledged
# stands, nothing is half written, the circuit opens and closes by itself, and heartbeats go on meanwhile.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Storm;

my $stack = start_stack(settings => {
    SYNC_RATE_LIMIT => 0, MONGODB_TIMEOUT => 3000, TRANSACTION_TIME => 3000, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 3,
    CIRCUIT_BREAKER_TIMEOUT => 1, WORKER_TOTALS_INTERVAL => 50, WORKER_AUDIT_INTERVAL => 100,
});
plan skip_all => 'the MongoDB server is not ours to kill' unless $stack->owns('mongodb');
my $storm = StockVerify::Storm->new(stack => $stack, people => 12)->begin;
my $watch = $stack->client;
my $circuit_closed = sub { return $watch->get('/metrics/json')->json->{circuit_state} == 0 };
$storm->await({ 'sync 200' => 24, 'heartbeat 200' => 24 }, 'all are at work');

sub is_refused_at_once {
    my ($how) = @_;
    $storm->await({ 'sync 503 circuit_open' => 20, 'heartbeat 200' => 30 }, "$how: the circuit opens, and heartbeats go on");
    is $watch->get('/api/health')->status, 503, "$how: health tells";
    return;
}

sub returns {
    my ($how) = @_;
    delete $stack->{mongo};
    $storm->await({ 'sync 200' => 24, 'claim 200' => 3, 'release 200' => 3, 'heartbeat 200' => 24 },
        "$how: work goes on by itself, and the circuit is closed", $circuit_closed);
    return;
}

for my $round (1 .. 3) {
    my $how = "killed $round";
    $stack->kill_part('mongodb');
    is_refused_at_once($how);
    $stack->start_part('mongodb');
    returns($how);
}
for my $round (1 .. 2) {
    my $how = "stopped $round";
    $stack->pause_part('mongodb');
    is_refused_at_once($how);
    $stack->cont_part('mongodb');
    returns($how);
}
$storm->end;
$storm->stands;
done_testing;
