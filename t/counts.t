# Counts: opening, choosing at a claim, blind ones, reconciling and closing.

use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = ($stack->demo('racks'))[0]{warehouse};

sub open_count {
    my (%count) = @_;
    my $answer = $boss->post('/api/sessions', { warehouse => $warehouse, %count });
    is $answer->status, 201, 'opened' or diag $answer->text;
    is $answer->header('Location'), '/api/sessions/' . $answer->data->{session_id}, 'its place';
    return $answer->data->{session_id};
}

sub bulk {
    my ($step, @rest) = @_;
    my $answer = $boss->post("/api/sessions/bulk/$step", {@rest});
    is $answer->status, 200, $step or diag $answer->text;
    return @{ $answer->data->{results} };
}

subtest 'bad openings' => sub {
    is $asha->post('/api/sessions', { warehouse => $warehouse })->status, 403, 'staff open none';
    is_deeply [$boss->post('/api/sessions', {})->fields], ['warehouse'], 'no warehouse';
    is_deeply [$boss->post('/api/sessions', { warehouse => 'nowhere' })->fields], ['warehouse'], 'an unknown one';
    is_deeply [$boss->post('/api/sessions', { warehouse => $warehouse, floor => 'attic' })->fields], ['floor'], 'an unknown floor';
    my $rack = $stack->rack;
    is_deeply [$boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack, 'nothing'] })->fields], ['racks[1]'],
        'an unknown rack';
    my $both = $boss->post('/api/sessions', { warehouse => $warehouse, blind => \1, strict => \1 });
    is $both->status, 422, 'blind and strict';
};

subtest 'a count of some racks' => sub {
    my ($inside, $outside) = map { $stack->rack } 1 .. 2;
    my $before = $ben->post("/api/racks/$outside/claim", {})->data;
    my $count = open_count(racks => [$inside], strict => \1, name => 'Some');
    my $claim = $asha->post("/api/racks/$inside/claim", {})->data;
    is $claim->{count_id}, $count, 'a rack inside is counted in it';
    ok $claim->{strict}, 'strictly';
    isnt $ben->post("/api/racks/" . $stack->rack . '/claim', {})->data->{count_id}, $count, 'one outside is not';
    is_deeply [$asha->post('/api/racks/' . $stack->rack . '/claim', { count_id => $count })->fields], ['count_id'],
        'nor when asked for';
    is $asha->post("/api/racks/$inside/claim", { count_id => $before->{count_id} })->code, 'conflict_state',
        'the running session is of another count';

    my $second = open_count(racks => [$inside]);
    is $asha->post("/api/racks/$inside/claim", {})->data->{session_id}, $claim->{session_id}, 'a running session is resumed all the same';
    is $asha->post("/api/racks/$inside/release", {})->status, 200, 'released';
    is $asha->post("/api/racks/$inside/claim", {})->code, 'count_ambiguous', 'two cover the rack';
    is $asha->post("/api/racks/$inside/claim", { count_id => $second })->data->{count_id}, $second, 'unless one is named';

    my ($refused) = bulk(close => session_ids => [$second]);
    is $refused->{code}, 'still_counting', 'somebody counts';
    is $refused->{status}, 'OPEN', 'so it stays open';
    my @verdicts = bulk(reconcile => session_ids => [$count, 'nothing', $claim->{session_id}]);
    is_deeply [map { $_->{code} } @verdicts], [undef, 'not_found', 'wrong_kind'], 'a verdict for each';
    is $verdicts[0]{status}, 'RECONCILE', 'reconciling';
    is $asha->post('/api/racks/' . $stack->rack . '/claim', { count_id => $count })->code, 'session_closed', 'no new claims';
    my ($closed) = bulk(close => session_ids => [$second], force => \1);
    ok $closed->{success} && $closed->{status} eq 'CLOSED', 'closed by force';
    my ($session) = $stack->mongo->find(verification_sessions => { count_id => $second });
    is $session->{status}, 'interrupted', 'its session was interrupted';
    is $session->{count_state}, 'CLOSED', 'and knows';
    is $asha->post("/api/sessions/$session->{session_id}/heartbeat")->code, 'session_closed', 'its holder is told';
    is $ben->get("/api/racks/$inside/status")->data->{status}, 'available', 'the rack is free';
    ok +(bulk(close => session_ids => [$second]))[0]{success}, 'closing again is the same';
    is +(bulk(reconcile => session_ids => [$second]))[0]{code}, 'session_closed', 'there is no way back';
};

subtest 'a completed rack waits for the next count' => sub {
    my $rack = $stack->rack;
    my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
    is $asha->post("/api/sessions/$claim->{session_id}/complete")->status, 200, 'completed in the standing count';
    my $count = open_count(racks => [$rack]);
    is $asha->post("/api/racks/$rack/claim", {})->data->{count_id}, $count, 'free in a new one, without recount';
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    ok +(bulk(close => session_ids => [$count]))[0]{success}, 'closed';
    is $asha->get("/api/racks/$rack/status")->data->{status}, 'completed', 'completed in the standing count, as before';
    is $asha->post("/api/racks/$rack/claim", {})->code, 'rack_completed', 'which a claim says too';
};

subtest 'a count in review' => sub {
    my $rack = $stack->rack;
    my $count = open_count(racks => [$rack]);
    my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
    ok +(bulk(reconcile => session_ids => [$count]))[0]{success}, 'reconciling';
    my $again = $asha->post("/api/racks/$rack/claim", {});
    ok $again->data->{resumed}, 'who is at the rack goes on' or diag $again->text;
    my $sync = $asha->post('/api/sync/batch', { records => [{ client_record_id => 'late-1', session_id => $claim->{session_id},
        item_code => ($stack->demo('items'))[0]{item_code}, verified_qty => 3, status => 'finalized',
        created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' }] });
    is_deeply $sync->data->{ok}, ['late-1'], 'and late records land' or diag $sync->text;
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'released';
    is $ben->post("/api/racks/$rack/claim", {})->code, 'session_closed', 'nobody begins anew';
    ok +(bulk(close => session_ids => [$count]))[0]{success}, 'closed';
    is $ben->post("/api/racks/$rack/claim", {})->status, 200, 'free for the standing count';
};

subtest 'blind' => sub {
    my ($expected) = $stack->demo('expected');
    my $count = open_count(racks => [$expected->{rack_id}], blind => \1);
    my $items = $asha->get("/api/racks/$expected->{rack_id}/items")->data;
    ok $items->{blind}, 'said so';
    is_deeply [grep { exists $_->{book_qty} } @{ $items->{items} }], [], 'no book quantity for staff';
    my $seen = $boss->get("/api/racks/$expected->{rack_id}/items")->data;
    ok scalar(grep { exists $_->{book_qty} } @{ $seen->{items} }), 'a supervisor sees it';
    ok +(bulk(reconcile => session_ids => [$count]))[0]{success}, 'reconciling';
    $items = $asha->get("/api/racks/$expected->{rack_id}/items")->data;
    ok $items->{blind}, 'still blind: a recount may be asked for';
    is_deeply [grep { exists $_->{book_qty} } @{ $items->{items} }], [], 'and no book quantity for staff';
    ok +(bulk(close => session_ids => [$count]))[0]{success}, 'closed';
    ok !$asha->get("/api/racks/$expected->{rack_id}/items")->data->{blind}, 'open eyes again';
};

subtest 'lists' => sub {
    my $open = $asha->get('/api/sessions')->data->{items};
    is_deeply [grep { $_->{status} ne 'OPEN' || exists $_->{total_items} } @$open], [], 'staff: open ones, without totals';
    is_deeply $asha->get('/api/sessions', query => { status => 'CLOSED' })->data->{items}, [], 'and no others';
    my $closed = $boss->get('/api/sessions', query => { status => 'CLOSED', warehouse => $warehouse })->data->{items};
    ok @$closed >= 3, 'a supervisor lists the closed ones';
    ok !(grep { !defined $_->{closed_at} || !exists $_->{total_variance} } @$closed), 'with times and totals';
    my $first = $boss->get('/api/sessions', query => { limit => 2 })->data;
    my $next = $boss->get('/api/sessions', query => { limit => 2, cursor => $first->{next_cursor} })->data;
    my %ids = map { ($_->{session_id} => 1) } @{ $first->{items} }, @{ $next->{items} };
    is scalar keys %ids, 4, 'pages do not overlap';
    is $boss->get('/api/sessions', query => { status => 'open' })->code, 'parameter_invalid', 'a status nobody knows';
};

done_testing;
