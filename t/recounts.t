#!/usr/bin/perl
# Counting again: asked for by a supervisor or by the count's tolerance, kept from those who counted, in a count that is
# being reconciled too.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my $at = '2026-01-05T08:00:00Z';
my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my %here = map { ($_->{rack_id} => 1) } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
my %expected;
push @{ $expected{ $_->{rack_id} } }, $_->{item_code} for grep { $here{ $_->{rack_id} } && !$serial{ $_->{item_code} } } $stack->demo('expected');
my @racks = grep { @{ $expected{$_} } >= 3 } sort keys %expected;
my $next = 0;

sub count_of {
    my ($racks, %more) = @_;
    my $answer = $boss->post('/api/sessions', { warehouse => $warehouse, racks => $racks, %more });
    is $answer->status, 201, 'opened' or diag $answer->text;
    return $answer->data->{session_id};
}

sub claim {
    my ($client, $rack, %more) = @_;
    my $answer = $client->post("/api/racks/$rack/claim", {%more});
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data->{session_id};
}

sub counts {
    my ($client, $session, %quantity) = @_;
    my @records = map { { client_record_id => 'recount-' . ++$next, session_id => $session, item_code => $_, verified_qty => $quantity{$_}, status => 'finalized',
                          created_at => $at, updated_at => $at } } sort keys %quantity;
    my $answer = $client->post('/api/sync/batch', { records => \@records });
    is_deeply $answer->data->{ok}, [map { $_->{client_record_id} } @records], 'stored' or diag $answer->text;
    return;
}

sub complete { my ($client, $session) = @_; is $client->post("/api/sessions/$session/complete")->status, 200, 'completed' }

sub line_is {
    my ($count, $item, $state) = @_;
    my $line;
    ok +(wait_until { $line = $boss->get("/api/sessions/$count/review", query => { item => $item })->data->{items}[0]; $line && $line->{state} eq $state }),
        "$item is $state" or diag explain $line;
    return $line;
}

sub ask { my ($count, @rest) = @_; return $boss->post("/api/sessions/$count/recounts", {@rest}) }

subtest 'a rack, while the count is reconciled' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    my $count = count_of([$rack], blind => \1);
    is_deeply [ask($count, racks => [$rack])->fields], ['racks[0]'], 'nothing to count again yet';
    my $session = claim($asha, $rack);
    counts($asha, $session, $item => 5, $other => 6);
    complete($asha, $session);
    line_is($count, $item, 'counted');
    ok $boss->post('/api/sessions/bulk/reconcile', { session_ids => [$count] })->data->{results}[0]{success}, 'reconciled';
    is $ben->post("/api/racks/$rack/claim", { recount => \1 })->code, 'session_closed', 'nobody asked for a recount';

    my $asked = ask($count, racks => [$rack], different_user => \1);
    is $asked->status, 200, 'asked for' or diag $asked->text;
    is_deeply [map { @$_{qw(rack_id round state different_user)} } @{ $asked->data->{recounts} }], [$rack, 2, 'asked', 1], 'round 2';
    line_is($count, $item, 'recount_asked');
    my ($bar) = grep { $_->{reason} eq 'recount_asked' } @{ $boss->get("/api/sessions/$count/review")->data->{blocked_by} };
    ok $bar, 'which bars the approval';
    is $ben->post("/api/racks/$rack/claim", {})->code, 'session_closed', 'an ordinary claim takes none';
    my $own = $asha->post("/api/racks/$rack/claim", { recount => \1 });
    is $own->status . ' ' . $own->code, '403 recount_other_user', 'nor does who counted' or diag $own->text;

    my $again = claim($ben, $rack, recount => \1);
    isnt $again, $session, 'somebody else does';
    my $items = $ben->get("/api/racks/$rack/items");
    unlike $items->text, qr/"(?:stock_qty|system_qty|variance|verified_qty)":\s*\d/, 'and is told no quantity';
    is $ben->post("/api/racks/$rack/release", {})->status, 200, 'released';
    is $asha->post("/api/racks/$rack/claim", { recount => \1 })->code, 'recount_other_user', 'the round goes on, still not with who counted';
    $again = claim($ben, $rack, recount => \1);
    counts($ben, $again, $item => 8);
    complete($ben, $again);
    my $line = line_is($count, $item, 'recounted');
    is $line->{counted}, 8, 'the last round counts';
    my $kept = line_is($count, $other, 'not_recounted');
    is $kept->{counted}, 6, 'what the recount left out counts still';
    my ($told) = @{ $boss->get("/api/sessions/$count/recounts")->data->{recounts} };
    is $told->{state}, 'done', 'it is done';
    my $accepted = $boss->post("/api/sessions/$count/review/accept",
        { lines => [map { { item_code => $_->{item_code}, version => $_->{version} } } $line, $kept], note => 'kept' });
    is $accepted->data->{accepted}, 2, 'a person keeps it' or diag $accepted->text;
    is $ben->post("/api/racks/$rack/claim", { recount => \1 })->code, 'session_closed', 'there is no other';
};

subtest 'single items' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    my $count = count_of([$rack]);
    my $session = claim($asha, $rack);
    counts($asha, $session, $item => 5, $other => 6);
    complete($asha, $session);
    line_is($count, $_, 'counted') for $item, $other;
    is_deeply [ask($count, item_codes => ['NONE'])->fields], ['item_codes[0]'], 'nobody counted that';
    is_deeply [ask($count)->fields], ['racks'], 'nothing named';
    is ask($count, item_codes => [$item])->status, 200, 'asked for';
    line_is($count, $item, 'recount_asked');
    is line_is($count, $other, 'counted')->{state}, 'counted', 'the other line is not concerned';
    is ask($count, item_codes => [$item], withdraw => \1)->status, 200, 'withdrawn';
    line_is($count, $item, 'counted');
    is ask($count, item_codes => [$item])->status, 200, 'asked for again';
    my $again = claim($asha, $rack, recount => \1);
    counts($asha, $again, $item => 4);
    complete($asha, $again);
    is line_is($count, $item, 'recounted')->{counted}, 4, 'counted again';
    line_is($count, $other, 'counted');
};

subtest 'a rack that is excluded after its recount was begun' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    my $count = count_of([$rack]);
    my $session = claim($asha, $rack);
    counts($asha, $session, $item => 5, $other => 6);
    complete($asha, $session);
    line_is($count, $_, 'counted') for $item, $other;
    is ask($count, racks => [$rack])->status, 200, 'asked for';
    claim($asha, $rack, recount => \1);
    is $asha->post("/api/racks/$rack/release", {})->status, 200, 'begun, and left';
    my $bars = sub { return grep { $_->{reason} =~ /^recount/ } @{ $boss->get("/api/sessions/$count/review")->data->{blocked_by} } };
    line_is($count, $_, 'recount_asked') for $item, $other;
    ok +(grep { $_->{reason} eq 'recount' && $_->{rack_id} eq $rack } $bars->()), 'which bars the approval';
    is $boss->post("/api/sessions/$count/review/exclude", { racks => [$rack], reason => 'It fell' })->status, 200, 'excluded';
    line_is($count, $_, 'counted') for $item, $other;
    is_deeply [$bars->()], [], 'nobody need go there again';
};

subtest 'a tolerance asks by itself, once' => sub {
    my $rack = shift @racks;
    my ($item, $other) = @{ $expected{$rack} };
    is_deeply [$boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], tolerance => {} })->fields], ['tolerance'], 'a tolerance has a limit';
    $stack->mongo->update(warehouses => { warehouse => $warehouse }, { '$set' => { rack_books => \1 } });
    $stack->mongo->update(rack_items => { rack_id => $rack, item_code => $_ }, { '$set' => { book_qty => 10 } }) for $item, $other;
    my $count = count_of([$rack], tolerance => { quantity => 2, different_user => \1 });
    ok +(wait_until { $boss->get("/api/sessions/$count")->data->{book_state} eq 'frozen' }), 'its book is frozen';
    my $session = claim($asha, $rack);
    counts($asha, $session, $item => 7, $other => 9);
    complete($asha, $session);
    line_is($count, $item, 'recount_asked');
    is line_is($count, $other, 'counted')->{variance}, -1, 'what is within it is not asked for';
    my ($asked) = @{ $boss->get("/api/sessions/$count/recounts")->data->{recounts} };
    is_deeply $asked->{item_codes}, [$item], 'the item alone';
    is $asked->{asked_by}, undef, 'nobody asked';
    ok +(grep { $_->{rack_id} eq $rack } @{ $ben->get('/api/racks/available', query => { limit => 500 })->data->{items} }), 'the rack is among the free ones';
    is $asha->post("/api/racks/$rack/claim", { recount => \1 })->code, 'recount_other_user', 'somebody else';
    my $again = claim($ben, $rack, recount => \1);
    counts($ben, $again, $item => 7);
    complete($ben, $again);
    my $line = line_is($count, $item, 'recounted');
    is $line->{variance}, -3, 'the same again';
    is scalar @{ $boss->get("/api/sessions/$count/recounts")->data->{recounts} }, 1, 'and it is not asked once more';
};

done_testing();
