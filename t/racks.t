# Claiming, pausing, resuming and releasing racks, and the lists a phone shows of them.

use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => { RACK_LOCK_TTL => 4, RACK_HOLD_MARGIN => 1, HEARTBEAT_INTERVAL => 1 });
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};

subtest 'lists' => sub {
    my $warehouses = $asha->get('/api/warehouses');
    is $warehouses->status, 200, 'warehouses' or diag $warehouses->text;
    my ($first) = grep { $_->{warehouse} eq ($stack->demo('racks'))[0]{warehouse} } @{ $warehouses->data };
    ok @{ $first->{floors} } >= 3, 'the first has three floors';
    is $first->{time_zone}, 'UTC', 'its days are those of TIME_ZONE';
    ok !$first->{rack_books}, 'its books know no racks';

    my (%seen, $cursor);
    my $pages = 0;
    do {
        my $page = $asha->get('/api/racks/available', query => { limit => 20, $cursor ? (cursor => $cursor) : () });
        is $page->status, 200, 'a page' or diag $page->text;
        $seen{ $_->{rack_id} }++ for @{ $page->data->{items} };
        is_deeply [grep { $_->{status} ne 'available' || exists $_->{fence} } @{ $page->data->{items} }], [], 'only free ones';
        $cursor = $page->data->{next_cursor};
    } while ($cursor && ++$pages < 50);
    my @here = grep { $_->{warehouse} eq ($stack->demo('racks'))[0]{warehouse} } $stack->demo('racks');
    is scalar keys %seen, scalar @here, 'every rack of the own warehouse';
    is_deeply [grep { $_ > 1 } values %seen], [], 'each once';

    my $all = sub { my $page = $asha->get('/api/racks/available', query => { show => 'all', limit => 500 }); return map { $_->{rack_id} => $_ } @{ $page->data->{items} } };
    my %rack = $all->();
    is_deeply [scalar keys %rack, grep { $_->{status} ne 'available' || defined $_->{holder} } values %rack], [scalar @here], 'all of them, when nobody has any';
    my $taken = $stack->rack;
    my $session = $ben->post("/api/racks/$taken/claim")->data->{session_id};
    %rack = $all->();
    is_deeply [@{ $rack{$taken} }{qw(status holder)}], ['claimed', { user_id => $ben->user_id, full_name => $ben->user->{full_name} }], 'who has one';
    ok !(grep { $_->{rack_id} eq $taken } @{ $asha->get('/api/racks/available', query => { limit => 500 })->data->{items} }), 'which is not among the free ones';
    $ben->post("/api/sessions/$session/complete", {});
    %rack = $all->();
    is_deeply [@{ $rack{$taken} }{qw(status holder)}], ['completed', undef], 'and when it is done nobody';
    is $asha->get('/api/racks/available', query => { show => 'some' })->code, 'parameter_invalid', 'nothing else can be shown';

    my $floors = $asha->get('/api/racks/floors');
    my $total = 0;
    $total += $_->{total} for @{ $floors->data };
    is $total, scalar @here, 'floors add up';
    is $asha->get('/api/racks/available', query => { limit => 0 })->status, 400, 'a limit out of range';
    is $asha->get('/api/racks/available', query => { cursor => 'x' })->code, 'cursor_invalid', 'a cursor nobody gave';
    is $asha->get('/api/racks/available', query => { nonsense => 1 })->code, 'parameter_unknown', 'an unknown parameter';
};

subtest 'claim and resume' => sub {
    my $rack = $stack->rack;
    my $claim = $asha->post("/api/racks/$rack/claim");
    is $claim->status, 200, 'claimed, without a body' or diag $claim->text;
    is $claim->message, "Rack $rack claimed successfully", 'the message';
    my $mine = $claim->data;
    is $mine->{lock_ttl}, 4, 'the TTL';
    ok !$mine->{resumed}, 'a new session';
    is $mine->{fence}, 1, 'the first fence';
    my $again = $asha->post("/api/racks/$rack/claim", {});
    ok $again->data->{resumed}, 'the holder again: resumed';
    is $again->data->{session_id}, $mine->{session_id}, 'the same session';

    my $refused = $ben->post("/api/racks/$rack/claim", {});
    is $refused->status, 409, 'somebody else';
    is $refused->code, 'rack_locked', 'the code';
    is $refused->holder->{user_id}, $asha->user_id, 'who holds it';
    is $refused->holder->{session_id}, $mine->{session_id}, 'by which session';
    ok $refused->holder->{lock_ttl} >= 1 && $refused->holder->{lock_ttl} <= 4, 'for how long';

    my $status = $ben->get("/api/racks/$rack/status")->data;
    is $status->{status}, 'claimed', 'status';
    is $status->{locked_by}, $asha->user_id, 'locked by';
    ok $status->{lock_ttl} > 0, 'lease';
    my $active = $asha->get('/api/racks/user/active')->data;
    is_deeply [map { $_->{session_id} } @$active], [$mine->{session_id}], 'what the app shows after a restart';

    is $ben->post("/api/racks/$rack/release", {})->code, 'lock_lost', 'who does not hold it releases nothing';
    is $ben->post("/api/racks/$rack/pause", { session_id => $mine->{session_id} })->status, 403, "another's session, named";
    my $paused = $asha->post("/api/racks/$rack/pause", {});
    is $paused->status, 200, 'paused' or diag $paused->text;
    is $paused->data->{status}, 'paused', 'its status';
    is $paused->data->{lock_ttl}, 1800, 'kept for the pause';
    is $asha->post("/api/sessions/$mine->{session_id}/heartbeat")->code, 'session_paused', 'no heartbeats meanwhile';
    is $ben->post("/api/racks/$rack/claim", {})->code, 'rack_locked', 'still not for others';
    is $asha->post("/api/racks/$rack/pause", {})->status, 200, 'pausing twice answers again';
    is $asha->post("/api/racks/$rack/resume", {})->data->{status}, 'active', 'resumed';
    is $asha->post("/api/sessions/$mine->{session_id}/heartbeat")->status, 200, 'heartbeats again';

    my $released = $asha->post("/api/racks/$rack/release", { session_id => $mine->{session_id} });
    is $released->status, 200, 'released' or diag $released->text;
    is_deeply $asha->post("/api/racks/$rack/release", { session_id => $mine->{session_id} })->data, $released->data,
        'a second release gives the same answer';
    is $asha->post("/api/sessions/$mine->{session_id}/heartbeat")->code, 'session_completed', 'the session is over';
    my $next = $ben->post("/api/racks/$rack/claim", {});
    is $next->status, 200, 'the next has it at once' or diag $next->text;
    is $next->data->{fence}, 2, 'with a higher fence';
    is $asha->post("/api/racks/$rack/release", { session_id => $mine->{session_id} })->status, 200, 'a late release still answers';
    is $ben->get("/api/racks/$rack/status")->data->{locked_by}, $ben->user_id, "and leaves the next holder's rack alone";
    is_deeply [$boss->post("/api/racks/$rack/release", { reason => '' })->fields], ['reason'], 'an empty reason is none';
    is $boss->post("/api/racks/$rack/release", { reason => 'The phone is lost' })->status, 200, 'a supervisor releases any rack';
    my ($entry) = @{ $stack->login('admin')->get('/api/admin/audit', query => { action => 'rack.release', rack_id => $rack })->data->{items} };
    is_deeply [@{ $entry->{details} }{qw(reason session_of)}], ['The phone is lost', $ben->user_id], 'for a reason that is kept';
    is $ben->post("/api/sessions/" . $next->data->{session_id} . '/heartbeat')->code, 'session_completed', 'its holder learns it';
};

subtest 'bad claims' => sub {
    my $rack = $stack->rack;
    is $asha->post('/api/racks/nowhere/claim', {})->status, 404, 'no such rack';
    my $floor = $asha->post("/api/racks/$rack/claim", { floor => 'elsewhere' });
    is $floor->status, 422, 'a wrong floor';
    is_deeply [$floor->fields], ['floor'], 'is named';
    is_deeply [$asha->post("/api/racks/$rack/claim", { recount => 'yes', count_id => 7 })->fields], ['count_id', 'recount'],
        'wrong types are named';
    is $asha->post("/api/racks/$rack/claim", { count_id => 'nothing' })->status, 404, 'no such count';
    is $asha->request(POST => "/api/racks/$rack/claim", body => '{"recount":')->code, 'json_invalid', 'half a body';
    is $stack->client->post("/api/racks/$rack/claim", {})->status, 401, 'nobody';
    is $asha->get("/api/racks/$rack/claim")->status, 405, 'a wrong method';
    is $ben->post("/api/racks/$rack/claim", {})->status, 200, 'a refused claim left no lease behind';
};

subtest 'a silent holder and an emptied Redis' => sub {
    my $rack = $stack->rack;
    my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
    $stack->redis->command('FLUSHALL');
    is $ben->post("/api/racks/$rack/claim", {})->code, 'rack_locked', 'an emptied Redis gives no held rack away';
    my $beat = $asha->post("/api/sessions/$claim->{session_id}/heartbeat", { rack_id => $rack });
    is $beat->status, 200, 'a heartbeat takes the lease again' or diag $beat->text;
    is_deeply $beat->data,
        { session_id => $claim->{session_id}, rack_lock_renewed => !!1, user_presence_updated => !!1, lock_ttl_remaining => 4 },
        'as always';
    my $taken;
    wait_until { $taken = $ben->post("/api/racks/$rack/claim", {}); $taken->status == 200 } 30, "the silent holder's rack";
    is $taken->data->{fence}, $claim->{fence} + 1, 'the fence rises';
    my $lost = $asha->post("/api/sessions/$claim->{session_id}/heartbeat");
    is $lost->code, 'lock_lost', 'the displaced one is told';
    is $lost->holder->{user_id}, $ben->user_id, 'and by whom';
};

subtest 'a race' => sub {
    my $rack = $stack->rack;
    my @people = ($asha, $ben, map { $stack->login('staff') } 1 .. 14);
    my @answers = $stack->parallel(map { [$people[$_ % @people], POST => "/api/racks/$rack/claim", json => {}] } 0 .. 63);
    my %winners = map { ($_->data->{session_id} => 1) } grep { $_->status == 200 } @answers;
    is scalar keys %winners, 1, 'one session';
    is_deeply [grep { $_->status != 200 && $_->code ne 'rack_locked' } @answers], [], 'all others are refused';
};

subtest 'expected items' => sub {
    my ($expected) = $stack->demo('expected');
    my $rack = $expected->{rack_id};
    my $items = $asha->get("/api/racks/$rack/items");
    is $items->status, 200, 'items' or diag $items->text;
    my ($item) = grep { $_->{item_code} eq $expected->{item_code} } @{ $items->data->{items} };
    ok $item, 'an expected item is there';
    ok defined $item->{item_name} && ref $item->{barcodes} eq 'ARRAY', 'with name and barcodes';
    ok exists $item->{book_qty}, 'and book quantity, when nothing is blind';
    my $etag = $items->header('ETag');
    ok $etag, 'an ETag';
    is $asha->get("/api/racks/$rack/items", headers => { 'If-None-Match' => $etag })->status, 304, 'nothing new';
    is $asha->get('/api/racks/nowhere/items')->status, 404, 'no such rack';
    is_deeply $asha->get("/api/racks/$rack/items", query => { since => '2999-01-01T00:00:00Z' })->data->{items}, [],
        'nothing changed since the future';
};

done_testing;
