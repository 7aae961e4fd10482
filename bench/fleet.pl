# 10,000 clients, each heartbeating every 25 s, beside 20 users who sync a batch of 100 every 5 s, for two minutes.

use strict;
use warnings;
use StockVerify::Bench;

my ($CLIENTS, $EVERY, $SYNCERS) = (10_000, 25, 20);
my $CLAIMED_AT_ONCE = 1000;

sub batch_line {
    my ($n, $session, $token) = @_;
    my $round = int($n / $SYNCERS);
    my @records = map {
        sprintf '{"client_record_id":"fleet-%d-%d","session_id":"%s","item_code":"BENCH-%05d","verified_qty":%d,"status":"finalized",'
            . '"created_at":"2026-01-05T08:00:00Z","updated_at":"2026-01-05T09:00:00Z"}', $n, $_, $session,
            ($round * 100 + $_) % 20_000, $_ + 1
    } 0 .. 99;
    return "POST /api/sync/batch $token {\"records\":[" . join(',', @records) . "]}\n";
}

sub heartbeats { return join '', map { "POST /api/sessions/$_->[0]/heartbeat $_->[1] {}\n" } @_ }

# One heartbeat of each, as fast as they go; dies when one is refused.
sub beat_once {
    my ($bench, @sessions) = @_;
    my $file = $bench->write_file('fleet-once', heartbeats(@sessions));
    my $got = $bench->open_loop($bench->{host}, $file, connections => 50, requests => scalar @sessions);
    return if ($got->{statuses}{200} // 0) == @sessions;
    die 'fleet: refused before it began: ' . JSON::PP::encode_json($got) . "\n";
}

# Claims take longer than a lease lives: who has claimed is kept alive while the others claim.
sub claim_all {
    my ($bench, $tokens, @racks) = @_;
    my @sessions;
    while (@racks) {
        push @sessions, $bench->claim_racks($tokens, splice @racks, 0, $CLAIMED_AT_ONCE);
        beat_once($bench, @sessions);
    }
    return @sessions;
}

sub {
    my ($bench) = @_;
    my $seconds = $bench->{fleet_seconds} // 120;
    my @tokens = $bench->add_users(120);
    my @racks = $bench->add_racks($CLIENTS + $SYNCERS);
    $bench->add_items(20_000);
    my @sessions = claim_all($bench, \@tokens, @racks);
    my @syncing = splice @sessions, 0, $SYNCERS;
    my $heartbeats = $bench->write_file('fleet', heartbeats(@sessions));
    my $batches = $bench->write_file('fleet-batches', join '', map { batch_line($_, @{ $syncing[ $_ % $SYNCERS ] }) }
        0 .. int($seconds / 5) * $SYNCERS);

    beat_once($bench, @sessions);
    my $before = StockVerify::Bench::median($bench->nginx_mb);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my $got = $bench->open_loop($bench->{host}, $batches, connections => $SYNCERS, rate => $SYNCERS / 5, seconds => $seconds);
        $bench->write_file('fleet-sync.json', JSON::PP::encode_json($got));
        POSIX::_exit(0);
    }
    my $beat = $bench->open_loop($bench->{host}, $heartbeats, connections => scalar @sessions,
                                 rate => @sessions / $EVERY, seconds => $seconds);
    waitpid $pid, 0;
    my $sync = JSON::PP::decode_json(StockVerify::Bench::read_file($bench->file('fleet-sync.json')));
    my $verified = 0;
    $verified += $bench->call(GET => "/api/sessions/$_->[0]/stats", $_->[1])->{verified_items} for @syncing;
    my $lost = 0;
    $lost += $beat->{statuses}{$_} for grep { $_ ne '200' } keys %{ $beat->{statuses} };
    $bench->table('fleet',
        [ 'clients', scalar @sessions, "every $EVERY s, for $seconds s" ],
        [ 'heartbeats answered', $beat->{answered} ],
        [ 'heartbeats refused or broken (lost leases)', $lost + $beat->{broken}, 'wanted: 0' ],
        [ 'heartbeat p50 ms', $beat->{p50_ms} ],
        [ 'heartbeat p99 ms', $beat->{p99_ms}, 'wanted: below 50' ],
        [ 'heartbeat max ms', $beat->{max_ms} ],
        [ 'batches answered', $sync->{answered}, JSON::PP::encode_json($sync->{statuses}) ],
        [ 'items counted, a record sent', sprintf('%.3f', $verified / ($sync->{answered} * 100)), 'must be 1: else conflicts were measured' ],
        [ 'batch p50 ms', $sync->{p50_ms} ],
        [ 'batch p99 ms', $sync->{p99_ms} ],
        [ 'nginx process MB before', sprintf('%.1f', $before) ],
        [ 'nginx process MB after', sprintf('%.1f', StockVerify::Bench::median($bench->nginx_mb)) ]);
    return;
};
