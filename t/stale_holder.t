#!/usr/bin/perl
# A holder who fell silent writes nothing over who came after, also when both write at the same moment.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Truth;

my $stack = start_stack(settings => {
    RACK_LOCK_TTL => 2, RACK_HOLD_MARGIN => 1, SESSION_GRACE => 3600, HEARTBEAT_INTERVAL => 1, SYNC_RATE_LIMIT => 0,
    WORKER_WRITE_BEHIND_INTERVAL => 100, WORKER_AUDIT_INTERVAL => 100,
});
my $ledger = StockVerify::Ledger->new;
my @people = map { StockVerify::Counter->new(stack => $stack, client => $stack->login('staff'), ledger => $ledger) } 1 .. 16;
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');

# ---- one after the other
{
    my ($asha, $ravi) = @people;
    my $rack = $stack->rack;
    my $old = $asha->claim($rack);
    my $first = $asha->count($old, $items[0], verified => 5_000_000);
    my $other = $asha->count($old, $items[1], verified => 7_000_000);
    $asha->sync;
    is $ravi->client->post("/api/racks/$rack/claim", {})->code, 'rack_locked', 'a rack that is held is not given away';
    my $claim;
    wait_until { $claim = $ravi->client->post("/api/racks/$rack/claim", {}); $claim->status == 200 } 30, 'the silent rack to be free';
    my $new = $ravi->take_claim($claim);
    is $new->{fence}, $old->{fence} + 1, 'the next holder has a higher fence';

    my $answer = $asha->heartbeat($old);
    is $answer->status . ' ' . $answer->code, '409 lock_lost', 'the heartbeat of who was silent is refused';
    is $answer->holder->{user_id}, $ravi->user_id, 'and tells who has the rack';
    for my $what (qw(pause resume release)) {
        is $asha->change($what, $old)->code, 'lock_lost', "so is a $what";
    }
    is $asha->complete($old)->code, 'lock_lost', 'and a completion';
    is $asha->client->post("/api/racks/$rack/claim", {})->code, 'rack_locked', 'and a claim, as any other';

    $asha->count($old, $items[2], verified => 1_000_000);
    $asha->edit($first, verified => 50_000_000);
    $asha->sync;
    my @conflicts = $asha->forget_conflicts;
    is_deeply [map { $_->{type} } @conflicts], [qw(lock_lost lock_lost)], 'new records and edits are kept as conflicts';
    is_deeply [map { $_->{holder}{user_id} } @conflicts], [($ravi->user_id) x 2], 'which tell who has the rack';
    $answer = $asha->replay([$first, $other]);
    is_deeply [sort @{ $answer->data->{ok} }], [sort map { $_->{id} } $first, $other], 'what was stored before is still told to be';
    is $asha->resolve($conflicts[0], 'keep_mine')->code, 'lock_lost', 'who lost the rack cannot decide for their own figure';
    $ravi->count($new, $items[0], verified => 6_000_000, more => { replaces => [$first->{id}] });
    $ravi->sync;
    is scalar($ravi->conflicts), 0, 'the holder counts on';
    is $ravi->heartbeat($new)->status, 200, 'and holds the rack';
    is $ravi->change(release => $new)->status, 200, 'and gives it back';
}

# ---- at the same moment: the silent write when they are claimed from, over and over
my ($rounds, $taken, $kept, $lost) = (6, 0, 0, 0);
my @racks = map { $stack->rack } 1 .. 40;
my @owners = map { $people[$_ % 8] } 0 .. $#racks;
my @takers = map { $people[8 + $_ % 8] } 0 .. $#racks;
my $next_item = 0;

# Everybody's racks, all silent until the last is free in MongoDB's eyes.
sub silent_sessions {
    my @claims = $stack->parallel(map { [$owners[$_]->client, POST => "/api/racks/$racks[$_]/claim", json => {}] } 0 .. $#racks);
    my @sessions = map { $_->status == 200 ? $_->data : die 'claim: ' . $_->text . "\n" } @claims;
    my $free = { '$expr' => { '$lte' => [{ '$dateAdd' => { startDate => '$held_at', unit => 'millisecond', amount => '$hold_ms' } }, '$$NOW'] } };
    wait_until { $stack->mongo->count(rack_registry => { rack_id => { '$in' => \@racks }, %$free }) == @racks } 60, 'the holds to pass';
    wait_until { my $redis = $stack->redis; !grep { $redis->command(EXISTS => "rack:lock:$_") } @racks } 60, 'the leases to lapse';
    return @sessions;
}

my @faults;

# How many records of an answer came too late.
sub too_late {
    my ($counter, $records, $answer) = @_;
    $counter->take_verdicts($records, $answer) or die $answer->text . "\n";
    my @conflicts = $counter->forget_conflicts;
    push @faults, map { "$_->{client_record_id}: $_->{type}" } grep { $_->{type} ne 'lock_lost' } @conflicts;
    return scalar @conflicts;
}

for my $round (1 .. $rounds) {
    my @old = silent_sessions();
    my (@requests, @kinds);
    for my $n (0 .. $#racks) {
        my @records = map { $owners[$n]->count($old[$n], $items[$next_item++ % @items], partial => 1, verified => 1_000_000 * $_) } 1 .. 4;
        $owners[$n]{queue} = [];
        my @writes = map { [$owners[$n]->batch_request([@records[@$_]]), 'write', $n, [@records[@$_]]] } [0, 1], [2, 3];
        my $claim = [[$takers[$n]->client, POST => "/api/racks/$racks[$n]/claim", json => {}], 'claim', $n];
        # The claim goes first, last or between.
        push @requests, ([$claim, @writes], [$writes[0], $claim, $writes[1]], [@writes, $claim])[$n % 3]->@*;
    }
    # Neighbours in this list are under way at the same time.
    my (@new, @unanswered);
    $stack->load(clients => 12, total => scalar @requests, request => sub { $requests[$_[0]][0] }, answer => sub {
        my ($number, $answer) = @_;
        my (undef, $kind, $n, $records) = @{ $requests[$number] };
        if ($kind eq 'claim') {
            $new[$n] = $answer->data if $answer->status == 200;
            push @faults, "round $round: claim " . $answer->text unless $answer->status == 200 || $answer->code eq 'rack_locked';
        } elsif ($answer->status == 503) {
            push @unanswered, [$n, $records];
        } else {
            $lost += too_late($owners[$n], $records, $answer);
        }
    });
    for (@unanswered) {
        my ($n, $records) = @$_;
        $lost += too_late($owners[$n], $records, $owners[$n]->replay($records));
    }
    for my $n (0 .. $#racks) {
        $new[$n] ? $taken++ : $kept++;
        # Whoever lost is told so from now on, and changes nothing.
        my $counter = $new[$n] ? $takers[$n] : $owners[$n];
        my $session = $new[$n] || $old[$n];
        if ($new[$n]) {
            my $stale = $owners[$n]->count($old[$n], $items[$next_item++ % @items], partial => 1, verified => 9_000_000);
            $owners[$n]->sync;
            my @conflicts = $owners[$n]->forget_conflicts;
            push @faults, "round $round: $stale->{id} was taken" unless @conflicts == 1 && $conflicts[0]{type} eq 'lock_lost';
            push @faults, "round $round: fence $new[$n]{fence} after $old[$n]{fence}" unless $new[$n]{fence} == $old[$n]{fence} + 1;
        }
        $counter->count($session, $items[$next_item++ % @items], partial => 1, verified => 2_500_000);
        $counter->sync;
        push @faults, map { "round $round: the holder met $_->{type}" } $counter->forget_conflicts;
        my $released = $counter->change(release => $session);
        push @faults, "round $round: release " . $released->text unless $released->status == 200;
    }
}
diag sprintf '%d racks were taken, %d kept by a write that came first, %d records lost the race', $taken, $kept, $lost;
is_deeply \@faults, [], 'whoever lost the rack is told so';
cmp_ok $taken, '>', 0, 'racks changed hands while their silent holders wrote';
is $taken + $kept, $rounds * @racks, 'every race ended';
records_stand($stack, $ledger);
racks_stand($stack);
audit_stands($stack);
done_testing;
