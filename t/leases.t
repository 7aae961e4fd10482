#!/usr/bin/perl
# Whose lease a heartbeat renews, and when it renews none: revoked users, pauses in the same moment, claims, and a Redis that
# came back as it was a while ago.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => {
    RACK_LOCK_TTL => 10, RACK_HOLD_MARGIN => 1, HEARTBEAT_INTERVAL => 3, WORKER_WRITE_BEHIND_INTERVAL => 100, SESSION_GRACE => 60,
});
my $redis = $stack->redis;
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;

sub claim {
    my ($who, $rack) = @_;
    my $answer = $who->post("/api/racks/$rack/claim", {});
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data;
}

sub beat        { my ($who, $claim) = @_; return $who->post("/api/sessions/$claim->{session_id}/heartbeat") }
sub lease       { my ($who, $claim) = @_; return 'lease:' . $who->user_id . ":$claim->{session_id}" }
sub has_lease   { return $redis->command(EXISTS => lease(@_)) }
sub rack_status { my ($claim) = @_; return $stack->mongo->find_one(rack_registry => { rack_id => $claim->{rack_id} })->{status} }

# What Redis keeps of a session, to be put back later, as a failover to an older copy does.
sub copy_of {
    my ($who, $claim) = @_;
    my %hashes = map { ($_ => $redis->command(HGETALL => $_)) } "rack:lock:$claim->{rack_id}", "session:lock:$claim->{session_id}";
    my $lease = $redis->command(GET => lease($who, $claim));
    return sub {
        for my $key (keys %hashes) {
            $redis->command(DEL => $key);
            $redis->command(HSET => $key, @{ $hashes{$key} });
            $redis->command(EXPIRE => $key, 10);
        }
        $redis->command(SET => lease($who, $claim), $lease, EX => 10);
    };
}

subtest 'a lease is as long as its heartbeats' => sub {
    my $claim = claim($asha, $stack->rack);
    ok has_lease($asha, $claim), 'it comes with the claim';
    $redis->command(PEXPIRE => lease($asha, $claim), 5000);
    is beat($asha, $claim)->status, 200, 'a heartbeat';
    cmp_ok $redis->command(PTTL => lease($asha, $claim)), '>', 5000, 'renews it';
    is $asha->get("/api/racks/$claim->{rack_id}/status")->data->{locked_by}, $asha->user_id, 'the rack says whose it is';
    my $answer = $ben->post("/api/racks/$claim->{rack_id}/claim", {});
    is $answer->code, 'rack_locked', 'nobody else gets the rack';
    is $answer->holder->{user_id}, $asha->user_id, 'and is told who has it';
    is $asha->post("/api/racks/$claim->{rack_id}/release", {})->status, 200, 'released';
    ok !has_lease($asha, $claim), 'the lease goes with it';
    is $ben->post("/api/racks/$claim->{rack_id}/claim", {})->status, 200, 'and the rack to whom it wants';
};

subtest 'a disabled user' => sub {
    my $dev = $stack->login('staff');
    my $claim = claim($dev, $stack->rack);
    is beat($dev, $claim)->status, 200, 'a heartbeat';
    my ($text, $status) = $stack->ctl(['users', 'disable', $dev->user->{username}]);
    is $status, 0, 'disabled' or diag $text;
    is beat($dev, $claim)->code, 'account_disabled', 'the next heartbeat is refused';
    wait_until { !has_lease($dev, $claim) } 10, 'the lease to end';
    $redis->command(FLUSHALL => ());
    is beat($dev, $claim)->code, 'account_disabled', 'and in an empty Redis';
    ok !has_lease($dev, $claim), 'without a lease';
};

subtest 'an ended login' => sub {
    my $eva = $stack->login('staff');
    my $second = $stack->login($eva->user);
    my $claim = claim($eva, $stack->rack);
    is beat($eva, $claim)->status, 200, 'a heartbeat';
    is $eva->post('/api/auth/logout', {})->status, 200, 'logged out';
    is beat($eva, $claim)->code, 'token_revoked', 'the next heartbeat is refused';
    is beat($second, $claim)->status, 200, 'another login of the same user takes the lease again';
    is beat($eva, $claim)->code, 'token_revoked', 'which helps the ended one nothing';
    is beat($second, $claim)->status, 200, 'nor harms the other';
    is $second->post("/api/racks/$claim->{rack_id}/release", {})->status, 200, 'released';
};

subtest 'a pause among heartbeats' => sub {
    for my $round (1 .. 10) {
        my $claim = claim($asha, $stack->rack);
        my @beats = map { [$asha, POST => "/api/sessions/$claim->{session_id}/heartbeat"] } 1 .. 12;
        my @answers = $stack->parallel(@beats[0 .. 5], [$asha, POST => "/api/racks/$claim->{rack_id}/pause", json => {}], @beats[6 .. 11]);
        my ($paused) = splice @answers, 6, 1;
        is $paused->status, 200, 'paused';
        is_deeply [grep { $_->status != 200 && $_->code ne 'session_paused' } @answers], [], 'each heartbeat was before it or after it';
        is beat($asha, $claim)->code, 'session_paused', 'the pause stands';
        ok !has_lease($asha, $claim), 'without a lease';
        cmp_ok $redis->command(PTTL => "rack:lock:$claim->{rack_id}"), '>', 60_000, 'and keeps the rack for as long as pauses do';
        is $ben->post("/api/racks/$claim->{rack_id}/claim", {})->code, 'rack_locked', 'from others';
        is $asha->post("/api/racks/$claim->{rack_id}/resume", {})->status, 200, 'resumed';
        is beat($asha, $claim)->status, 200, 'a heartbeat again';
        is $asha->post("/api/racks/$claim->{rack_id}/release", {})->status, 200, 'released';
    }
};

subtest 'a pause that an older copy of Redis does not know' => sub {
    my $claim = claim($asha, $stack->rack);
    is beat($asha, $claim)->status, 200, 'a heartbeat';
    my $put_back = copy_of($asha, $claim);
    is $asha->post("/api/racks/$claim->{rack_id}/pause", {})->status, 200, 'paused';
    $put_back->();
    wait_until { beat($asha, $claim)->code eq 'session_paused' } 20, 'the worker to disbelieve it';
    is rack_status($claim), 'paused', 'in MongoDB it was paused all the time';
    ok !has_lease($asha, $claim), 'no lease is left';
    is $ben->post("/api/racks/$claim->{rack_id}/claim", {})->code, 'rack_locked', 'nobody got the rack';
};

subtest 'a holder that an older copy of Redis does not know' => sub {
    my $claim = claim($asha, $stack->rack);
    is beat($asha, $claim)->status, 200, 'a heartbeat';
    my $put_back = copy_of($asha, $claim);
    is $asha->post("/api/racks/$claim->{rack_id}/release", {})->status, 200, 'released';
    my $next = claim($ben, $claim->{rack_id});
    $put_back->();
    $redis->command(DEL => lease($ben, $next), "session:lock:$next->{session_id}");
    beat($asha, $claim); # Redis believes it
    is beat($ben, $next)->status, 200, 'the holder by MongoDB takes the lease back';
    ok !has_lease($asha, $claim), 'from who had it';
    is beat($asha, $claim)->code, 'session_completed', 'who learns it with the next heartbeat';
    is $asha->post("/api/racks/$claim->{rack_id}/claim", {})->code, 'rack_locked', 'and gets no rack';
    is $ben->post("/api/racks/$claim->{rack_id}/release", {})->status, 200, 'released';
};

subtest 'a silent holder, and a lease that nothing points to' => sub {
    my $claim = claim($asha, $stack->rack);
    is beat($asha, $claim)->status, 200, 'a heartbeat';
    $redis->command(DEL => "rack:lock:$claim->{rack_id}");
    is $ben->post("/api/racks/$claim->{rack_id}/claim", {})->code, 'rack_locked', 'the hold in MongoDB keeps the rack';
    my $next;
    wait_until { $next = $ben->post("/api/racks/$claim->{rack_id}/claim", {}); $next->status == 200 } 30, 'the hold to end';
    ok !has_lease($asha, $claim), 'the displaced session has no lease';
    is beat($asha, $claim)->code, 'lock_lost', 'and learns who has the rack';
    is beat($ben, $next->data)->status, 200, 'whose heartbeats are good';
};

# A failure of one heartbeat is that one's alone.
subtest 'one broken lease among many' => sub {
    my @claims = map { claim($asha, $stack->rack) } 1 .. 6;
    $redis->command(DEL => lease($asha, $claims[2]));
    $redis->command(HSET => lease($asha, $claims[2]), 'not', 'a lease');
    my @answers = $stack->parallel(map { [$asha, POST => "/api/sessions/$_->{session_id}/heartbeat"] } @claims);
    is_deeply [map { $_->status } @answers], [200, 200, 503, 200, 200, 200], 'the others are renewed';
    $redis->command(DEL => lease($asha, $claims[2]));
    is beat($asha, $claims[2])->status, 200, 'and this one when it is mended';
};
$stack->expect_log(qr/WRONGTYPE/);

done_testing;
