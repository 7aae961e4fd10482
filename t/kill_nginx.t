#!/usr/bin/perl
# nginx processes are killed in the middle of batches, claims and heartbeats: what was acknowledged stands, nothing is
# half written, and the others and their successors go on.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Storm;

my $stack = start_stack(settings => { SYNC_RATE_LIMIT => 0, WORKER_TOTALS_INTERVAL => 50, WORKER_AUDIT_INTERVAL => 100 });
$stack->expect_log(qr/worker process \d+ exited on signal 9/);
my $storm = StockVerify::Storm->new(stack => $stack, people => 12, lost => 1)->begin;
$storm->await({ 'sync 200' => 12 }, 'all are at work');

for my $round (1 .. 6) {
    my @before = sort $stack->workers;
    my $victim = $before[$round % @before];
    kill KILL => $victim;
    $storm->await({ 'sync 200' => 12, 'heartbeat 200' => 24 }, "round $round: work goes on",
        sub { my @now = $stack->workers; @now == @before && !grep { $_ == $victim } @now });
}
# All at once: nobody is there for a moment, and everybody comes back.
kill KILL => $stack->workers;
$storm->await({ 'sync 200' => 12, 'heartbeat 200' => 24, 'claim 200' => 3 }, 'both killed at once: work goes on');
is $storm->people + 0, grep({ $_ } map { $_->client->get('/api/auth/me')->status == 200 } $storm->people), 'everybody is still logged in';

$storm->end;
is $storm->tally('sync 503 circuit_open'), 0, 'a dead process keeps no document from the others, so no circuit opened';
$storm->stands;
done_testing;
