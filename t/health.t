#!/usr/bin/perl
# GET /api/health: what it says of a Redis that refuses writes, of a host that is only busy, and when.
use lib 't/lib';
use File::Path 'make_path';
use StockVerify::Raw;
use StockVerify::Test;

# The circuit stays closed, so that tasks pile up.
my $stack = start_stack(settings => {
    MONGODB_TIMEOUT => 1500, REDIS_TIMEOUT => 1000, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 1000, CIRCUIT_BREAKER_TIMEOUT => 1,
});
my $asha = $stack->login('staff');
my $path = '/api/sync/conflicts';

sub health { return $asha->get('/api/health') }
sub checks { return $_[0]->json->{data}{checks} }

# Each nginx process looks for itself, so a state has come when several in a row say so.
sub becomes {
    my ($status, $what, $seen) = @_;
    my $answer;
    wait_until { !grep { !$_ } map { $answer = health(); $answer->json->{status} eq $status && $seen->(checks($answer)) } 1 .. 8 } 20, $what;
    is $answer->json->{status}, $status, $what;
    return $answer;
}

my $well = becomes('healthy', 'all is well', sub { $_[0]{redis}{status} eq 'up' });
is checks($well)->{threads}{status}, 'up', 'nobody waits for a thread';

SKIP: {
    skip 'Redis is not ours', 17 unless $stack->owns('redis');
    my $redis = $stack->redis;
    $stack->expect_log(qr/Redis answered (?:OOM|MISCONF|READONLY)/, qr/Redis/);
    my %refusals = (
        OOM     => [[qw(CONFIG SET maxmemory 1)], [qw(CONFIG SET maxmemory 0)]],
        READONLY => [[qw(REPLICAOF 127.0.0.1 1)], [qw(REPLICAOF NO ONE)]],
        MISCONF  => [[qw(CONFIG SET save), '3600 1'], [qw(CONFIG SET save), '']],
    );
    # A folder where its file belongs: no save succeeds.
    my $file = "$stack->{stack}{directory}/data/redis/dump.rdb";
    make_path("$file/in the way");
    $redis->command('BGSAVE');
    wait_until { $redis->command('INFO', 'persistence') =~ /rdb_last_bgsave_status:err/ } 20, 'a save to fail';
    for my $word (sort keys %refusals) {
        my ($break, $mend) = @{ $refusals{$word} };
        $redis->command(@$break);
        my $answer = becomes('degraded', "a Redis that says $word", sub { ($_[0]{redis}{reason} // '') eq $word });
        is $answer->status, 200, "$word: the host still serves";
        is checks($answer)->{redis}{status}, 'refuses_writes', "$word: Redis answers, and takes nothing";
        is checks($answer)->{mongodb}{status}, 'up', "$word: MongoDB is well";
        my $claim = $asha->post('/api/racks/' . $stack->rack . '/claim', {});
        is $claim->status, 503, "$word: indeed no rack can be claimed" or diag $claim->text;
        # So many failures fill no log.
        $asha->post('/api/racks/' . $stack->rack . '/claim', {}) for 1 .. 5;
        $redis->command(@$mend);
        becomes('healthy', "mended after $word", sub { $_[0]{redis}{status} eq 'up' });
    }
    $stack->pause_part('redis');
    my $away = becomes('degraded', 'a Redis that hangs', sub { $_[0]{redis}{status} eq 'down' });
    is checks($away)->{redis}{latency_ms}, undef, 'has no latency';
    $stack->cont_part('redis');
    becomes('healthy', 'it goes on', sub { $_[0]{redis}{status} eq 'up' });
}

SKIP: {
    skip 'the MongoDB server is not ours', 4 unless $stack->owns('mongodb');
    $stack->pause_part('mongodb');
    # Eight threads a process: a hundred and twenty tasks take several times as long as one.
    my @waiting = map { StockVerify::Raw->new($stack) } 1 .. 120;
    $_->send($_->request($asha, GET => $path)) for @waiting;
    wait_until { my $tasks = $asha->get('/metrics/json')->json->{thread_tasks_queued}; $tasks->{db} >= 60 } 10, 'tasks to queue';
    my $answer = becomes('unhealthy', 'MongoDB is away', sub { $_[0]{threads}{status} eq 'busy' });
    is $answer->status, 503, 'which is no host to send anybody to';
    cmp_ok $asha->get('/metrics/json')->json->{thread_tasks_queued}{db}, '>', 0, 'health did not wait behind them';
    $stack->cont_part('mongodb');
    like $_->read, qr{^HTTP/1\.1 (?:200|503) }, 'every task ends' for @waiting;
    becomes('healthy', 'the queue is done', sub { $_[0]{threads}{status} eq 'up' });
}

done_testing;
