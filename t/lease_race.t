#!/usr/bin/perl
# 64 people want one rack, 200 times: one gets it each time, and its fence only grows, also while Redis is emptied.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Truth;

my ($PEOPLE, $ROUNDS) = (64, 200);
my $stack = start_stack(settings => { LOGIN_ADDRESS_ATTEMPTS => 1000, RACK_LOCK_TTL => 60 });
my $rack = $stack->rack;
my ($warehouse) = map { $_->{warehouse} } grep { $_->{rack_id} eq $rack } $stack->demo('racks');

my @users = map { { username => "racer$_", full_name => "Racer $_", password => "password of racer $_" } } 1 .. $PEOPLE;
my ($output, $exit) = $stack->ctl([qw(users import -), '--warehouse', $warehouse], join '', "username,full_name,role,password\n",
    map { "$_->{username},$_->{full_name},staff,$_->{password}\n" } @users);
is $exit, 0, "$PEOPLE people" or BAIL_OUT($output);
my @logins = $stack->parallel(map { [$stack->client, POST => '/api/auth/login',
    json => { username => $_->{username}, password => $_->{password} }] } @users);
is_deeply [grep { $_->status != 200 } @logins], [], 'all are logged in' or BAIL_OUT($logins[0]->text);
my @people = map { $stack->client(user_id => $_->data->{user}{user_id}, token => $_->data->{access_token}) } @logins;

# Every tenth race Redis is emptied while it runs: then MongoDB alone decides.
my (@faults, @fences, %sessions, %won);
for my $round (1 .. $ROUNDS) {
    my $redis = $round % 10 == 0 && $stack->redis;
    my (@won, @lost);
    $stack->load(clients => $PEOPLE, total => $PEOPLE,
        request => sub { [$people[$_[0]], POST => "/api/racks/$rack/claim", json => {}] },
        answer => sub { my ($n, $answer) = @_; push @{ $answer->status == 200 ? \@won : \@lost }, [$people[$n], $answer] },
        when => $redis ? { map { ($_ => sub { $stack->empty_redis($redis) }) } 1, 3, 20 } : {});
    if (@won != 1) {
        push @faults, "round $round has " . @won . ' winners: ' . join(' ', map { $_->[1]->text } @won ? @won : @lost);
        last;
    }
    my ($winner, $claim) = ($won[0][0], $won[0][1]->data);
    push @fences, $claim->{fence};
    $sessions{ $claim->{session_id} }++;
    $won{ $winner->user_id }++;
    push @faults, map { "round $round: " . $_->[1]->text } grep { $_->[1]->status != 409 || $_->[1]->code ne 'rack_locked' } @lost;
    # In the other rounds the losers are told who has it.
    push @faults, map { "round $round: holder in " . $_->[1]->text }
        grep { !$_->[1]->holder || $_->[1]->holder->{user_id} ne $winner->user_id } $redis ? () : @lost;
    my $released = $winner->post("/api/racks/$rack/release", { session_id => $claim->{session_id} });
    push @faults, "round $round: release " . $released->text unless $released->status == 200;
}
is_deeply \@faults, [], "each of $ROUNDS races has one winner, and everybody else is told that the rack is taken";
is_deeply \@fences, [1 .. $ROUNDS], 'the fence grows by one with each claim';
is scalar keys %sessions, $ROUNDS, 'each claim has a session of its own';
cmp_ok scalar keys %won, '>', 1, 'it is not always the same who wins';
is $stack->mongo->count('verification_sessions', { rack_id => $rack }), $ROUNDS, 'no other session was opened';
racks_stand($stack);
audit_stands($stack);
done_testing;
