# Batches of 100 new records over HTTP, with and without a serial a record, against the bare driver writing the same
# documents in the same transactions (build/bench/bench_batch), in turn.  Its database stays, and grows as ours does: a
# server that drops a database is busy with that for seconds, which would be told as the next batches' cost.

use strict;
use warnings;
use StockVerify::Bench;

my ($CONNECTIONS, $RUNS, $ITEMS) = (8, 3, 20_000);
# The hundreds of items that each of all runs may count in each session, none of which another counts.
my $ROUNDS = int($ITEMS / 100 / (2 * $RUNS));

# Items that the sessions count by now.
sub counted {
    my ($bench, $sessions) = @_;
    my $sum = 0;
    $sum += $bench->call(GET => "/api/sessions/$_->[0]/stats", $_->[1])->{verified_items} for @$sessions;
    return $sum;
}

# Batches a second of the bare driver at as many threads, and the CPU of driver and server, us a batch.
sub bare {
    my ($bench, $serials, $run) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local $ENV{SERVER_PID} = $bench->{stack}{pids}{mongodb} // 0;
    my $text = StockVerify::Bench::run("$bench->{build}/bench/bench_batch", $bench->{seconds}, $CONNECTIONS, $serials,
        'sv_bench_bare', $run);
    my ($rate, $driver, $server) = $text =~ m{ bare ([\d.]+)/s \((\d+) us CPU, (\d+) us} or die "bench_batch said: $text";
    return { per_s => $rate, driver => $driver, server => $server };
}

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users(16);
    my @sessions = $bench->claim_racks(\@tokens, $bench->add_racks(64));
    $bench->add_items($ITEMS);
    my $file = $bench->write_file('sessions', join '', map { "$_->[0] $_->[1]\n" } @sessions);
    my $run = 0;
    for my $serials (0, 1) {
        my (@ours, @bare, $refused);
        my $before = counted($bench, \@sessions);
        for (1 .. $RUNS) {
            push @ours, $bench->metered(sub {
                $bench->wrk('batch.lua', $bench->{url}, $bench->{seconds}, BENCH_SESSIONS => $file,
                            BENCH_SERIALS => $serials, BENCH_NONCE => "n$run", BENCH_FIRST_ROUND => $ROUNDS * $run++,
                            BENCH_ITEMS => $ITEMS, BENCH_CONNECTIONS => $CONNECTIONS)
            });
            $refused += $ours[-1]{refused} + $ours[-1]{socket};
            push @bare, bare($bench, $serials, $run - 1);
        }
        my ($nginx, $worker, $mongodb) = map {
            my $part = $_;
            StockVerify::Bench::median(map { $_->{cpu}{$part} / $_->{requests} * 1e6 } @ours)
        } qw(nginx worker mongodb);
        my ($driver, $bare_mongodb) = map { my $part = $_; StockVerify::Bench::median(map { $_->{$part} } @bare) } qw(driver server);
        my ($counted, $sent) = (counted($bench, \@sessions) - $before, 0);
        $sent += 100 * $_->{requests} for @ours;
        my @ratios = map { $ours[$_]{per_s} / $bare[$_]{per_s} } 0 .. $#ours;
        $bench->table("batch of 100 records, $serials serials each",
            [ 'batches a second over HTTP', sprintf('%.1f', StockVerify::Bench::median(map { $_->{per_s} } @ours)) ],
            [ 'batches a second by the bare driver', sprintf('%.1f', StockVerify::Bench::median(map { $_->{per_s} } @bare)) ],
            [ 'HTTP / bare driver', sprintf('%.2f', StockVerify::Bench::median(@ratios)), 'wanted: 0.75 or more' ],
            [ 'CPU in nginx, us a batch', int $nginx ],
            [ 'CPU in the worker, us a batch', int $worker ],
            [ 'CPU in the MongoDB server, us a batch', int $mongodb ],
            [ 'the same by the bare driver', int $bare_mongodb, 'beside ' . int($driver) . ' us in the driver' ],
            [ 'CPU, bare driver / HTTP', sprintf('%.2f', ($driver + $bare_mongodb) / ($nginx + $worker + $mongodb)), 'what others load does not sway' ],
            [ 'items counted, a record sent', sprintf('%.3f', $counted / $sent), 'must be 1: else conflicts were measured' ],
            [ 'refused', $refused ]);
    }
    return;
};
