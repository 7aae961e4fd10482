# The client library's queue in Chromium, with 10,000 records in it: what adding one takes, and how fast it is sent beside a
# bare client that sends the same batches from the same page, in turn.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();
use StockVerify::Bench;

my ($RECORDS, $ADDS, $RUNS) = (10_000, 200, 5);

sub queue_measure {
    my ($bench) = @_;
    my $records = $ENV{BENCH_QUEUE_RECORDS} // $RECORDS;
    $bench->add_racks(2 * $RUNS);
    $bench->add_items($records + 2 * $ADDS);
    $bench->add_users(1);
    my ($asha) = grep { $_->{role} eq 'staff' } @{ $bench->{stack}{users} };
    chomp(my $node = StockVerify::Bench::run("$bench->{root}/scripts/deps", '--node'));
    my $pid = open2(my $out, my $in, "$node/node", "$bench->{root}/bench/queue.mjs");
    print {$in} JSON::PP::encode_json({ url => $bench->{url}, records => $records, adds => $ADDS, runs => $RUNS,
        username => $asha->{username}, password => $asha->{password} });
    close $in;
    my $got = JSON::PP::decode_json(readline($out) // die "nothing was measured\n");
    waitpid $pid, 0;
    my $median = sub { my ($name) = @_; return StockVerify::Bench::median(map { $_->{$name} } @{ $got->{runs} }) };
    my @ratios = map { $_->{client} / $_->{bare} } @{ $got->{runs} };
    $bench->table("queue of $records records, batches of $got->{batch}, medians of $RUNS",
        [ 'adding one, relaxed, ms, median', sprintf('%.1f', $median->('relaxed_p50')), 'wanted: less than 5' ],
        [ 'adding one, relaxed, ms, p95', sprintf('%.1f', $median->('relaxed_p95')) ],
        [ 'adding one, strict, ms, median', sprintf('%.1f', $median->('strict_p50')) ],
        [ 'adding one, strict, ms, p95', sprintf('%.1f', $median->('strict_p95')), 'wanted: less than 30' ],
        [ 'a bare strict write of one row, ms, p95', sprintf('%.1f', $median->('row_p95')) ],
        [ 'records sent a second by the client', sprintf('%.0f', $median->('client')) ],
        [ 'records sent a second by a bare client', sprintf('%.0f', $median->('bare')) ],
        [ 'ms until a batch is answered: client; bare', join('; ', map { sprintf('%.1f', $median->("${_}_answer")) } qw(client bare)) ],
        [ 'ms from there to the next request: client; bare', join('; ', map { sprintf('%.1f', $median->("${_}_between")) } qw(client bare)) ],
        [ 'client / bare', sprintf('%.2f', StockVerify::Bench::median(@ratios)), 'wanted: 0.8 or more' ]);
    return;
}

return \&queue_measure;
