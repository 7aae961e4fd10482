# Batches of 100 new records over HTTP, with and without a serial a record, against the bare driver writing the same
# documents in the same transactions (build/bench/bench_batch), in turn.

use strict;
use warnings;
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users(16);
    my @sessions = $bench->claim_racks(\@tokens, $bench->add_racks(64));
    $bench->add_items(20_000);
    my $sessions = $bench->write_file('sessions', join '', map { "$_->[0] $_->[1]\n" } @sessions);
    my $nonce = 0;
    for my $serials (0, 1) {
        my (@ours, $refused);
        for (1 .. 3) {
            push @ours, $bench->metered(sub {
                $bench->wrk('batch.lua', $bench->{url}, $bench->{seconds}, BENCH_SESSIONS => $sessions,
                            BENCH_SERIALS => $serials, BENCH_NONCE => 'n' . $nonce++, BENCH_CONNECTIONS => 8)
            });
            $refused += $ours[-1]{refused} + $ours[-1]{socket};
        }
        my ($nginx, $mongodb) = map { my $part = $_; StockVerify::Bench::median(map { $_->{cpu}{$part} / $_->{requests} * 1e6 } @ours) }
            qw(nginx mongodb);
        $bench->table("batch of 100 records, $serials serials each",
            [ 'batches a second over HTTP', sprintf('%.1f', StockVerify::Bench::median(map { $_->{per_s} } @ours)) ],
            [ 'CPU in nginx, us a batch', int $nginx ],
            [ 'CPU in the MongoDB server, us a batch', int $mongodb ],
            [ 'refused', $refused ]);
    }
    return;
};
