#!/usr/bin/perl
# Redis is killed, emptied by that, and stopped, in the middle of batches, claims and heartbeats: batches go on without
# it, claims and heartbeats return with it, nobody loses a rack, and what was acknowledged stands.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Storm;

my $stack = start_stack(settings => {
    SYNC_RATE_LIMIT => 0, REDIS_TIMEOUT => 500, WORKER_TOTALS_INTERVAL => 50, WORKER_AUDIT_INTERVAL => 100,
});
plan skip_all => 'Redis is not ours to kill' unless $stack->owns('redis');
my $storm = StockVerify::Storm->new(stack => $stack, people => 12, batches => 12, batch => 6)->begin;
$storm->await({ 'sync 200' => 24, 'heartbeat 200' => 24 }, 'all are at work');

sub goes_on_without {
    my ($how) = @_;
    $storm->await({ 'sync 200' => 24, 'heartbeat 503' => 12 }, "$how: batches go on, heartbeats wait for it");
    return;
}

sub returns {
    my ($how) = @_;
    $storm->await({ 'sync 200' => 24, 'claim 200' => 3, 'release 200' => 3, 'heartbeat 200' => 36 }, "$how: all goes on by itself");
    return;
}

for my $round (1 .. 3) {
    $stack->kill_part('redis');
    goes_on_without("killed $round");
    $stack->start_part('redis');
    returns("killed $round");
}
for my $round (1 .. 2) {
    $stack->pause_part('redis');
    goes_on_without("stopped $round");
    $stack->cont_part('redis');
    returns("stopped $round");
}
$storm->end;
is $storm->tally('sync 503'), 0, 'no batch was refused';
$storm->stands;
done_testing;
