#!/usr/bin/perl
# The audit trail and its chain, and what went wrong, as administrators read them.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $admin = $stack->login('admin');
my $asha = $stack->login('staff');
my $audit = '/api/admin/audit';

sub page { my (%query) = @_; return $admin->get($audit, query => \%query)->data }

my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
$asha->post("/api/racks/$rack/release", {});

subtest 'what was done' => sub {
    my @told = @{ page(rack_id => $rack)->{items} };
    is_deeply [map { $_->{action} } @told], ['rack.release', 'rack.claim'], 'on a rack, newest first';
    is_deeply [map { $_->{action} } @{ page(rack_id => $rack, sort => 'at')->{items} }], ['rack.claim', 'rack.release'], 'or in its order';
    is_deeply [@{ $told[1] }{qw(user_id session_id role)}], [$asha->user_id, $session, 'staff'], 'by whom';
    is_deeply [map { $_->{action} } @{ page(rack_id => $rack, action => 'CLAIM')->{items} }], ['rack.claim'], 'by a part of the action';
    is_deeply page(user => 'nobody')->{items}, [], 'by user';
    is_deeply page(from => '2020-01-01', to => '2020-01-31')->{items}, [], 'by day';
    my (@walked, $cursor);
    do {
        my $page = page(limit => 3, $cursor ? (cursor => $cursor) : ());
        push @walked, map { "$_->{at} $_->{action} " . ($_->{hash} // '') } @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    cmp_ok scalar(@walked), '>=', 4, 'page by page';
};

subtest 'the chain' => sub {
    wait_until { !grep { !defined $_->{verified} } @{ page(limit => 500)->{items} } } 30, 'everything is sealed';
    my $whole = page(verify => 'true', limit => 500);
    ok $whole->{chain}{whole}, 'is whole';
    cmp_ok $whole->{chain}{entries}, '>', 0, 'and has entries';
    is_deeply [grep { !$_->{verified} } @{ $whole->{items} }], [], 'each is what was sealed';
    is page()->{chain}, undef, 'and is not walked unless asked';
    my ($claim) = @{ page(rack_id => $rack, action => 'rack.claim')->{items} };
    $stack->mongo->update(activity_logs => { seq => $claim->{seq} }, { '$set' => { user_id => 'somebody else' } });
    my $edited = page(verify => 'true', limit => 500);
    ok !$edited->{chain}{whole}, 'an edited entry breaks it';
    is $edited->{chain}{bad_seq}, $claim->{seq}, 'which one is told';
    is_deeply [map { $_->{seq} } grep { !$_->{verified} } @{ $edited->{items} }], [$claim->{seq}], 'and marked';
    $stack->mongo->update(activity_logs => { seq => $claim->{seq} }, { '$set' => { user_id => $asha->user_id } });
    ok page(verify => 'true')->{chain}{whole}, 'as it was it is whole again';
};

subtest 'what went wrong in the console' => sub {
    is $asha->post('/api/client-errors', { message => "Cannot read x\nof undefined", stack => 'at main.js:1', page => '/console/racks', version => '1.0' })->status, 200, 'is told';
    my ($entry) = @{ $admin->get('/api/admin/errors', query => { source => 'console' })->data->{items} };
    is_deeply [@$entry{qw(code message route user_id version)}], ['console_error', "Cannot read x\nof undefined", '/console/racks', $asha->user_id, '1.0'], 'and listed';
    my $last;
    for (1 .. 40) { $last = $asha->post('/api/client-errors', { message => 'again' }); last if $last->status != 200 }
    is $last->code, 'rate_limited', 'a flood is refused';
    is $stack->login('staff')->post('/api/client-errors', { message => 'mine' })->status, 200, 'and is one user\'s';
};

done_testing;
