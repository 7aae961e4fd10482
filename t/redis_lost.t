#!/usr/bin/perl
# Redis emptied, killed, stopped and started in mid-count: nothing that was told is lost, and no rack that is held or
# paused goes to anybody else.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Truth;

my $stack = start_stack(settings => {
    RACK_LOCK_TTL => 60, HEARTBEAT_INTERVAL => 1, SYNC_RATE_LIMIT => 0, CIRCUIT_BREAKER_TIMEOUT => 1, AUTH_CACHE_TTL => 60,
    WORKER_WRITE_BEHIND_INTERVAL => 100, WORKER_AUDIT_INTERVAL => 100, WORKER_REAPER_INTERVAL => 100, WORKER_TOTALS_INTERVAL => 100,
});
plan(skip_all => 'Redis is not ours to kill') unless $stack->owns('redis');
# nginx and the worker tell of a Redis that is away.
$stack->expect_log(qr/redis/i);

my $ledger = StockVerify::Ledger->new;
my @people = map { StockVerify::Counter->new(stack => $stack, client => $stack->login('staff'), ledger => $ledger, batch => 25) } 1 .. 10;
my @intruders = map { $stack->login('staff') } 1 .. 4;
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my @sessions = map { $_->claim($stack->rack) } @people;
my @paused = (8, 9);
is $people[$_]->change(pause => $sessions[$_])->status, 200, 'a rack is paused' for @paused;

my ($given_away, $tried, @faults) = (0, 0);

sub is_paused { my ($number) = @_; return scalar grep { $_ == $number } @paused }

# What a claim of somebody else's rack may be answered: it is locked, or nobody can say for now.
sub take_intrusion {
    my ($answer) = @_;
    $tried++;
    $given_away++ if $answer->status == 200;
    push @faults, 'a claim: ' . $answer->text unless $answer->code eq 'rack_locked' || $answer->status == 503;
    return;
}

# A heartbeat of a holder: good, or to be repeated.
sub take_heartbeat {
    my ($number, $answer) = @_;
    my $expected = is_paused($number) ? $answer->code eq 'session_paused' : $answer->status == 200;
    push @faults, "heartbeat $number: " . $answer->text unless $expected || $answer->status == 503;
    return;
}

# Everybody at once: each counts and syncs 100 figures, all send heartbeats, and others reach for every rack.
sub count_through {
    my ($mishap, %mishap_at) = @_;
    for my $number (grep { !is_paused($_) } 0 .. $#people) {
        $people[$number]->count($sessions[$number], $items[$_ + $mishap * 100], verified => 1_000_001 + $_) for 0 .. 99;
    }
    my @requests = map {
        my $number = $_;
        (map { [claim => $number, [$_, POST => "/api/racks/$sessions[$number]{rack_id}/claim", json => {}]] } @intruders),
            map { [heartbeat => $number, $people[$number]->heartbeat_request($sessions[$number])] } 1 .. 4
    } 0 .. $#people;
    # Every rack in turn, and all of it three times.
    @requests = map { my $first = $_; map { $requests[$first + 8 * $_] } 0 .. $#people } (0 .. 7) x 3;
    my @syncs = map { $_->sync_p } @people;
    $stack->load(clients => 8, total => scalar @requests, request => sub { $requests[$_[0]][2] }, when => \%mishap_at,
        answer => sub {
            my ($kind, $number) = @{ $requests[$_[0]] };
            $kind eq 'claim' ? take_intrusion($_[1]) : take_heartbeat($number, $_[1]);
        });
    my $failure;
    Mojo::Promise->all(@syncs)->catch(sub { $failure = $_[0] })->wait;
    die $failure if defined $failure;
    return;
}

# Every rack is still its holder's, and everything they were told stands.
sub nothing_is_lost {
    my ($what) = @_;
    subtest $what => sub {
        for my $number (0 .. $#people) {
            my $paused = is_paused($number);
            my $answer;
            wait_until { $answer = $people[$number]->heartbeat($sessions[$number]); $answer->status != 503 } 30, 'Redis to be back';
            is $answer->code || $answer->status, $paused ? 'session_paused' : 200, 'its holder has the rack, or its pause';
            my $rack = $stack->mongo->find_one(rack_registry => { rack_id => $sessions[$number]{rack_id} });
            is $rack->{session_id}, $sessions[$number]{session_id}, 'MongoDB says so too';
            is $rack->{status}, $paused ? 'paused' : 'claimed', 'and how';
            next if $paused;
            is $stack->redis->command(HGET => "rack:lock:$sessions[$number]{rack_id}", 'session'), $sessions[$number]{session_id},
                'and the lease is theirs again';
        }
        for my $number (@paused) {
            take_intrusion($intruders[0]->post("/api/racks/$sessions[$number]{rack_id}/claim", {}));
        }
        is_deeply \@faults, [], 'every answer was right, or one to repeat';
        is $given_away, 0, "of $tried claims by others none was given a rack";
        is_deeply [map { $_->{type} } map { $_->forget_conflicts } @people], [], 'no record met a conflict';
        records_stand($stack, $ledger);
        racks_stand($stack);
    };
    return;
}

nothing_is_lost('before anything happens');

count_through(0, map { ($_ => sub { $stack->empty_redis }) } 5, 20, 40, 60);
nothing_is_lost('emptied four times');

count_through(1, 10 => sub { $stack->kill_part('redis'); $stack->start_part('redis') });
nothing_is_lost('killed and started');

count_through(2, 10 => sub { $stack->stop_part('redis') }, 40 => sub { $stack->start_part('redis') });
nothing_is_lost('stopped, and started in the middle of it');

count_through(3, 10 => sub { $stack->pause_part('redis') }, 30 => sub { $stack->cont_part('redis') });
nothing_is_lost('hung for a while');

# The paused come back to a Redis that knows nothing of them.
$stack->empty_redis;
for my $number (@paused) {
    my $answer = $people[$number]->change(resume => $sessions[$number]);
    is $answer->status, 200, 'a pause is resumed' or diag $answer->text;
    is $people[$number]->heartbeat($sessions[$number])->status, 200, 'and goes on';
}

# An emptied Redis logs nobody out.
$stack->empty_redis;
is $_->get('/api/auth/me')->status, 200, 'a login is good without Redis knowing of it' for @intruders;

is $people[$_]->complete($sessions[$_])->status, 200, 'the racks are completed' for 0 .. $#people;
my $count_id = $sessions[0]{count_id};
totals_stand($stack, $ledger, $count_id);
records_stand($stack, $ledger);
racks_stand($stack);
audit_stands($stack);
done_testing;
