#!/usr/bin/perl
# Work that comes late is taken as long as nobody else has the rack: after a lapse, an interruption, a release, a
# completion, a pause; and it is kept for a decision once somebody has it.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Truth;

my $stack = start_stack(settings => {
    RACK_LOCK_TTL => 2, RACK_HOLD_MARGIN => 1, SESSION_GRACE => 2, RACK_PAUSE_TTL => 4, HEARTBEAT_INTERVAL => 1,
    WORKER_WRITE_BEHIND_INTERVAL => 100, WORKER_REAPER_INTERVAL => 100, WORKER_AUDIT_INTERVAL => 100, WORKER_TOTALS_INTERVAL => 50,
});
my $ledger = StockVerify::Ledger->new;
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my ($next_item, %clients) = (0);

sub person {
    my ($name) = @_;
    return StockVerify::Counter->new(stack => $stack, ledger => $ledger, client => $clients{$name} ||= $stack->login('staff'));
}
sub work { my ($person, $session, $count) = @_; return map { $person->count($session, $items[$next_item++], verified => 1_250_000) } 1 .. $count }
sub session_of { my ($session) = @_; return $stack->mongo->find_one(verification_sessions => { session_id => $session->{session_id} }) }
sub rack_of    { my ($session) = @_; return $stack->mongo->find_one(rack_registry => { rack_id => $session->{rack_id} }) }
sub lease_of   { my ($session) = @_; return $stack->redis->command(HGET => "rack:lock:$session->{rack_id}", 'session') }

# What is sent now is stored without a conflict.
sub is_taken {
    my ($person, $session, $what) = @_;
    work($person, $session, 3);
    $person->sync;
    return is_deeply [map { $_->{type} } $person->forget_conflicts], [], $what;
}

# What is sent now is kept as conflicts, which are returned.
sub is_lost {
    my ($person, $session, $what) = @_;
    work($person, $session, 2);
    $person->sync;
    my @conflicts = $person->forget_conflicts;
    is_deeply [map { $_->{type} } @conflicts], [qw(lock_lost lock_lost)], $what;
    return @conflicts;
}

sub is_locked {
    my ($person, $session, $what) = @_;
    my $answer = $person->client->post("/api/racks/$session->{rack_id}/claim", {});
    return is $answer->code, 'rack_locked', $what;
}

sub counted_rack {
    my ($person) = @_;
    my $session = $person->claim($stack->rack);
    work($person, $session, 2);
    $person->sync;
    return $session;
}

sub await_lapse        { my ($session) = @_; wait_until { !defined lease_of($session) } 30, 'the lease to lapse'; return }
sub await_interruption { my ($session) = @_; wait_until { session_of($session)->{status} eq 'interrupted' } 60, 'the reaper'; return }

my ($asha, $ravi) = map { person($_) } qw(asha ravi);

subtest 'a lapsed lease' => sub {
    my $session = counted_rack($asha);
    await_lapse($session);
    is_taken($asha, $session, 'late work is taken');
    is lease_of($session), $session->{session_id}, 'and takes the lease again';
    is_locked($ravi, $session, 'so that nobody else gets the rack');
    await_lapse($session);
    is $asha->heartbeat($session)->status, 200, 'a late heartbeat takes it as well';
    is lease_of($session), $session->{session_id}, 'for the same session';
    is $asha->change(release => $session)->status, 200, 'it ends as any';
};

for my $way (qw(sync heartbeat claim)) {
    subtest "interrupted, back by a $way" => sub {
        my $session = counted_rack($asha);
        await_interruption($session);
        my $rack = rack_of($session);
        is $rack->{status}, 'available', 'the rack of a silent session is free';
        is $rack->{session_id}, $session->{session_id}, 'and still carries it';
        my ($listed) = grep { $_->{rack_id} eq $session->{rack_id} }
            @{ $ravi->client->get('/api/racks/available', query => { limit => 500 })->data->{items} };
        ok $listed, 'others are offered it';
        ok $stack->mongo->count(activity_logs => { action => 'session.interrupt', session_id => $session->{session_id} }),
            'the trail tells of it';
        if ($way eq 'sync') {
            is_taken($asha, $session, 'late work is taken');
        } elsif ($way eq 'heartbeat') {
            is $asha->heartbeat($session)->status, 200, 'a heartbeat brings it back';
        } else {
            my $again = $asha->claim($session->{rack_id});
            is $again->{session_id}, $session->{session_id}, 'a claim finds the same session';
            ok $again->{resumed}, 'and says so';
            is $again->{fence}, $session->{fence}, 'with the same fence';
        }
        is session_of($session)->{status}, 'active', 'the session is active again';
        is rack_of($session)->{status}, 'claimed', 'and its rack claimed';
        is_locked($ravi, $session, 'nobody else gets it');
        is_taken($asha, $session, 'work goes on');
        is $asha->complete($session)->status, 200, 'to its end';
    };
}

subtest 'interrupted, and somebody else has the rack' => sub {
    my $session = counted_rack($asha);
    await_interruption($session);
    my $new = $ravi->claim($session->{rack_id});
    is $new->{fence}, $session->{fence} + 1, 'the next has a higher fence';
    my @conflicts = is_lost($asha, $session, 'late work is kept as conflicts');
    is $asha->heartbeat($session)->code, 'lock_lost', 'a heartbeat does not bring it back';
    is session_of($session)->{status}, 'interrupted', 'the session stays as it was';
    is lease_of($session), $new->{session_id}, 'and the lease is the next holder\'s';
    my $supervisor = $stack->login('supervisor');
    is $asha->resolve($conflicts[0], 'keep_mine', as => $supervisor)->status, 200, 'a supervisor may take the late figure';
    is $asha->resolve($conflicts[1], 'keep_server')->status, 200, 'its owner may drop it';
    is $asha->resolve($conflicts[0], 'keep_mine', as => $supervisor)->status, 200, 'a decision repeats its answer';
    is $asha->resolve($conflicts[1], 'keep_mine', as => $supervisor)->code, 'conflict_resolved', 'and stands';
    is $ravi->change(release => $new)->status, 200, 'the holder is not touched by it';
};

subtest 'completed' => sub {
    my $session = counted_rack($asha);
    my $stats = $asha->complete($session)->data;
    is_taken($asha, $session, 'late work is taken');
    is session_of($session)->{status}, 'completed', 'the session stays completed';
    is rack_of($session)->{status}, 'completed', 'and so does its rack';
    is lease_of($session), undef, 'no lease comes back';
    is $asha->heartbeat($session)->code, 'session_completed', 'a heartbeat does not revive it';
    is_deeply $asha->complete($session)->data, $stats, 'a second completion is answered as the first';
    is $ravi->client->post("/api/racks/$session->{rack_id}/claim", {})->code, 'rack_completed', 'nobody counts it again unasked';
    my $new = $ravi->claim($session->{rack_id}, recount => \1);
    is $new->{fence}, $session->{fence} + 1, 'a recount has a higher fence';
    is_lost($asha, $session, 'from then on late work is kept as conflicts');
    is $ravi->complete($new)->status, 200, 'the recount ends';
};

subtest 'released' => sub {
    my $session = counted_rack($asha);
    is $asha->change(release => $session)->status, 200, 'released';
    is_taken($asha, $session, 'late work is taken');
    is rack_of($session)->{status}, 'available', 'the rack stays free';
    is lease_of($session), undef, 'no lease comes back';
    my $new = $ravi->claim($session->{rack_id});
    is_lost($asha, $session, 'from the next claim on it is kept as conflicts');
    is $asha->change(release => $session)->status, 200, 'a release is repeated all the same';
    is lease_of($session), $new->{session_id}, 'and costs the next holder nothing';
    is $ravi->complete($new)->status, 200, 'who goes on to the end';
};

subtest 'paused' => sub {
    my $session = counted_rack($asha);
    is $asha->change(pause => $session)->status, 200, 'paused';
    is $asha->heartbeat($session)->code, 'session_paused', 'heartbeats are refused';
    is_locked($ravi, $session, 'the rack is kept');
    is_taken($asha, $session, 'work that was under way is taken');
    is session_of($session)->{status}, 'paused', 'the session stays paused';
    is rack_of($session)->{status}, 'paused', 'and its rack';
    await_lapse($session);
    await_interruption($session);
    is_taken($asha, $session, 'a pause that lapsed loses no work');
    is session_of($session)->{status}, 'active', 'which brings the session back';
    is $asha->complete($session)->status, 200, 'to its end';

    $session = counted_rack($asha);
    is $asha->change(pause => $session)->status, 200, 'paused again';
    my $claim;
    wait_until { $claim = $ravi->client->post("/api/racks/$session->{rack_id}/claim", {}); $claim->status == 200 } 30, 'the pause to lapse';
    is $claim->data->{fence}, $session->{fence} + 1, 'a lapsed pause gives the rack to others';
    is $asha->change(resume => $session)->code, 'lock_lost', 'then there is nothing to resume';
    is_lost($asha, $session, 'and late work is kept as conflicts');
};

# What a supervisor stored past the fence is the one write a displaced session may have.
my @decided = map { $_->{client_record_id} } $stack->mongo->find(sync_conflicts => { resolution => 'keep_mine' });
is scalar @decided, 1, 'one figure was decided for';
records_stand($stack, $ledger);
racks_stand($stack, decided => \@decided);
totals_stand($stack, $ledger, plain($stack->mongo->find_one('sessions', {}))->{session_id});
audit_stands($stack);
done_testing;
