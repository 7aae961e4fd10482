# What an nginx process holds after 100,000 requests, and after 100,000 more.

use strict;
use warnings;
use StockVerify::Bench;

sub largest {
    my ($bench) = @_;
    my ($most) = sort { $b <=> $a } $bench->nginx_mb;
    return $most;
}

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users(16);
    my @sessions = $bench->claim_racks(\@tokens, $bench->add_racks(200));
    my $requests = $bench->write_file('mixed', join '', map {
        ("POST /api/sessions/$_->[0]/heartbeat $_->[1] {}\n", "GET /api/sessions/$_->[0] $_->[1] -\n", "GET /api/auth/me $_->[1] -\n",
         "POST /api/sync/batch $_->[1] {\"records\":[{}]}\n", "GET /api/racks/available?limit=20 $_->[1] -\n")
    } @sessions);
    my @resident = ([ 'at start', largest($bench) ]);
    my ($sent, $failed) = (0, 0);
    for my $goal (100_000, 200_000) {
        while ($sent < $goal) {
            my $got = $bench->wrk('replay.lua', $bench->{url}, 5, BENCH_REQUESTS => $requests);
            $sent += $got->{requests};
            $failed += $got->{refused} + $got->{socket};
        }
        push @resident, [ "after $sent requests", largest($bench) ];
    }
    $bench->table('memory',
        (map { [ "largest nginx process, MB, $_->[0]", sprintf('%.1f', $_->[1]) ] } @resident),
        [ 'growth over the second 100,000, MB', sprintf('%.1f', $resident[2][1] - $resident[1][1]), 'wanted: 0' ],
        [ 'refused', $failed ]);
    return;
};
