# Heartbeats against nginx' own `return 200` and against the same Lua script by redis-benchmark, in turn.

use strict;
use warnings;
use StockVerify::Bench;

# CPU of Redis per run of the heartbeat's script, sent by redis-benchmark with 16 in a pipeline.
sub redis_limit {
    my ($bench, $session) = @_;
    my @command = $bench->heartbeat_command($session);
    my $n = 40000 * $bench->{seconds};
    my $got = $bench->metered(sub {
        StockVerify::Bench::run('redis-benchmark', $bench->redis_address, '-c', 32, '-P', 16, '-n', $n, '-q', @command);
        return {};
    });
    return { us => $got->{cpu}{redis} / $n * 1e6 };
}

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users(64);
    my @racks = $bench->add_racks(1000);
    my @sessions = $bench->claim_racks(\@tokens, @racks);
    my $requests = $bench->write_file('heartbeats', join '',
        map { "POST /api/sessions/$_->[0]/heartbeat $_->[1] {}\n" } @sessions);
    my $static = $bench->start_static;
    my %file = (BENCH_REQUESTS => $requests);
    $bench->wrk('replay.lua', $bench->{url}, 2, %file);

    my (@ours, @bare, @redis);
    for (1 .. 3) {
        push @ours, $bench->metered(sub { $bench->wrk('replay.lua', $bench->{url}, $bench->{seconds}, %file) });
        push @bare, $bench->wrk('replay.lua', "http://$static", $bench->{seconds}, %file);
        push @redis, redis_limit($bench, $sessions[0]);
    }
    $bench->stop_static;
    my $rate = StockVerify::Bench::median(map { $_->{per_s} } @ours);
    my $limit = StockVerify::Bench::median(map { $_->{per_s} } @bare);
    my $open = $bench->open_loop($bench->{host}, $requests, connections => 200, rate => int($rate / 2), seconds => $bench->{seconds});
    my ($nginx, $redis) = map { my $part = $_; StockVerify::Bench::median(map { $_->{cpu}{$part} / $_->{requests} * 1e6 } @ours) } qw(nginx redis);
    my $script = StockVerify::Bench::median(map { $_->{us} } @redis);
    my $refused = 0;
    $refused += $_->{refused} + $_->{socket} for @ours;

    $bench->table('heartbeat',
        [ 'heartbeats a second, 32 connections', int $rate ],
        [ 'nginx return 200 a second', int $limit ],
        [ 'heartbeat / return 200', sprintf('%.2f', $rate / $limit), 'wanted: 0.45 or more' ],
        [ 'CPU in nginx, us a heartbeat', sprintf('%.1f', $nginx), 'wanted: 20 or less' ],
        [ 'CPU in Redis, us a heartbeat', sprintf('%.1f', $redis) ],
        [ 'CPU in Redis, us, same script by redis-benchmark -P 16', sprintf('%.1f', $script) ],
        [ 'Redis: heartbeat / redis-benchmark', sprintf('%.2f', $redis / $script), 'wanted: 1.5 or less' ],
        [ 'open loop at half that rate: p50 ms', $open->{p50_ms} ],
        [ 'open loop at half that rate: p99 ms', $open->{p99_ms}, 'wanted: below 5' ],
        [ 'refused', $refused ]);
    return;
};
