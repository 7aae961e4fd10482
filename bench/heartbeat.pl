# Heartbeats against nginx' own `return 200` and against the same Redis commands by redis-benchmark, in turn.

use strict;
use warnings;
use StockVerify::Bench;

# CPU of Redis for the commands of one heartbeat, each sent by redis-benchmark with 16 in a pipeline.
sub redis_limit {
    my ($bench, @commands) = @_;
    my $n = 20000 * $bench->{seconds};
    my $got = $bench->metered(sub {
        StockVerify::Bench::run('redis-benchmark', $bench->redis_address, '-c', 32, '-P', 16, '-n', $n, '-q', @$_) for @commands;
        return {};
    });
    return { us => $got->{cpu}{redis} / $n * 1e6 };
}

# Of one part of the stack, median of the runs, us a request.
sub cpu_us {
    my ($part, @runs) = @_;
    return StockVerify::Bench::median(map { $_->{cpu}{$part} / $_->{requests} * 1e6 } @runs);
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

    my @commands = $bench->heartbeat_commands($sessions[0]);
    my (@ours, @bare, @redis);
    my ($answered, $renewed) = (0, 0);
    for (1 .. 3) {
        my $before = $bench->redis_calls;
        push @ours, $bench->metered(sub { $bench->wrk('replay.lua', $bench->{url}, $bench->{seconds}, %file) });
        $renewed += $bench->redis_calls->{getex} - $before->{getex};
        $answered += $ours[-1]{requests};
        push @bare, $bench->metered(sub { $bench->wrk('replay.lua', "http://$static", $bench->{seconds}, %file) });
        push @redis, redis_limit($bench, @commands);
    }
    my $rate = StockVerify::Bench::median(map { $_->{per_s} } @ours);
    my $limit = StockVerify::Bench::median(map { $_->{per_s} } @bare);
    my %same = (connections => 200, rate => int($rate / 2), seconds => $bench->{seconds});
    my $open = $bench->open_loop($bench->{host}, $requests, %same);
    my $unwritten = $bench->without('worker', sub { $bench->open_loop($bench->{host}, $requests, %same) });
    my $open_limit = $bench->open_loop($static, $requests, %same);
    my $own_limit = $bench->open_loop($static, $requests, %same, rate => int($limit / 2));
    $bench->stop_static;
    my ($nginx, $redis, $client) = map { cpu_us($_, @ours) } qw(nginx redis client);
    my $bare_cpu = cpu_us('static', @bare);
    my $alone = StockVerify::Bench::median(map { $_->{us} } @redis);
    my $refused = 0;
    $refused += $_->{refused} + $_->{socket} for @ours;

    $bench->table('heartbeat',
        [ 'heartbeats a second, 32 connections', int $rate ],
        [ 'nginx return 200 a second', int $limit ],
        [ 'heartbeat / return 200', sprintf('%.2f', $rate / $limit), 'wanted: 0.50 or more' ],
        [ 'CPU in nginx, us a heartbeat', sprintf('%.1f', $nginx), 'wanted: 20 or less where return 200 takes 9' ],
        [ 'CPU in nginx, us a return 200', sprintf('%.1f', $bare_cpu) ],
        [ 'CPU in nginx: heartbeat / return 200', sprintf('%.2f', $nginx / $bare_cpu), 'wanted: 2.2 or less' ],
        [ 'CPU in the client, us a heartbeat', sprintf('%.1f', $client) ],
        [ 'CPU in Redis, us a heartbeat', sprintf('%.1f', $redis), 'wanted: 6 or less' ],
        [ 'CPU in Redis, us, same commands by redis-benchmark -P 16', sprintf('%.1f', $alone) ],
        [ 'Redis: heartbeat / redis-benchmark', sprintf('%.2f', $redis / $alone), 'wanted: 1.5 or less' ],
        [ 'open loop at half that rate: p50 ms', $open->{p50_ms} ],
        [ 'open loop at half that rate: p99 ms', $open->{p99_ms}, 'wanted: below 5' ],
        [ 'the same while the worker is held, so that nothing is written: p99 ms', $unwritten->{p99_ms} ],
        [ 'return 200 at the same rate, same client: p99 ms', $open_limit->{p99_ms} ],
        [ 'return 200 at half its own rate, same client: p99 ms', $own_limit->{p99_ms} ],
        [ 'leases asked for, a heartbeat answered', sprintf('%.3f', $renewed / $answered), 'must be 1: else something else was measured' ],
        [ 'refused', $refused, 'must be 0' ]);
    return;
};
