#!/usr/bin/perl
# PATCH /api/erp/items/{item_code}/verify: a figure by hand, by the rules of a batch's record.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my @rows = $stack->demo('items');
my $is_tracked = sub { return ($_[0]{serial_tracked} // '') =~ /^(?:true|1|yes)$/i };
my @items = map { $_->{item_code} } grep { !$is_tracked->($_) } @rows;
my @tracked = map { $_->{item_code} } grep { $is_tracked->($_) } @rows;
my $warehouse = ($stack->demo('racks'))[0]{warehouse};
my $at = '2026-01-05T08:00:00Z';

sub claim {
    my ($user, $rack, %body) = @_;
    my $answer = $user->post("/api/racks/$rack/claim", \%body);
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data;
}

sub verify {
    my ($user, $item, $qty, %more) = @_;
    return $user->patch("/api/erp/items/$item/verify", { verified_qty => $qty, %more });
}

sub told { my ($answer) = @_; return $answer->status . ' ' . $answer->code }

sub release { my ($user, $rack) = @_; return is $user->post("/api/racks/$rack/release", {})->status, 200, "$rack is released" }

sub open_count {
    my (%count) = @_;
    my $answer = $boss->post('/api/sessions', { warehouse => $warehouse, %count });
    is $answer->status, 201, 'opened' or diag $answer->text;
    return $answer->data->{session_id};
}

sub close_count { return $boss->post('/api/sessions/bulk/close', { session_ids => [@_], force => \1 }) }

sub counting { my (%filter) = @_; return @{ plain([$stack->mongo->find(verification_records => { counts => \1, %filter })]) } }

subtest 'the session' => sub {
    is told(verify($asha, $items[0], 1)), '409 session_required', 'nobody counts without a floor session';
    my ($one, $two) = map { $stack->rack } 1 .. 2;
    my $first = claim($asha, $one);
    my $answer = verify($asha, $items[0], 5);
    is $answer->status, 200, 'the only one is meant' or diag $answer->text;
    is $answer->data->{session_id}, $first->{session_id}, 'and told';
    is $answer->data->{rack_id}, $one, 'with its rack';
    my $second = claim($asha, $two);
    is told(verify($asha, $items[0], 1)), '409 session_required', 'of two one is to be named';
    is verify($asha, $items[0], 2, session_id => $second->{session_id})->data->{rack_id}, $two, 'like this';
    is_deeply [verify($ben, $items[0], 1, session_id => $first->{session_id})->fields], ['session_id'], "another's is none";
    is told(verify($asha, 'no such item', 1)), '404 item_unknown', 'nor is what no item is';
    release($asha, $_) for $one, $two;
};

subtest 'it sets, and never adds' => sub {
    my $rack = $stack->rack;
    my $session = claim($asha, $rack)->{session_id};
    my $first = verify($asha, $items[1], 7, damaged_qty => 2, damage_reason => 'wet', condition => 'damaged')->data;
    is_deeply [@$first{qw(verified_qty damaged_qty)}], [7, 2], 'the item as it is now';
    ok $first->{verified}, 'it is verified';
    is verify($asha, $items[1], 4)->data->{verified_qty}, 4, 'set again';
    is_deeply [map { $_->{verified_qty} } counting(item_code => $items[1], session_id => $session)], [4], 'one figure counts';

    my @parts = map { { client_record_id => "part-$_", session_id => $session, item_code => $items[2], verified_qty => $_, partial => \1,
        status => 'finalized', created_at => $at, updated_at => $at } } 1 .. 3;
    is scalar @{ $asha->post('/api/sync/batch', { records => \@parts })->data->{ok} }, 3, 'a phone counted in parts';
    is verify($asha, $items[2], 10)->data->{verified_qty}, 10, 'the figure takes their place';
    is_deeply [map { $_->{verified_qty} } counting(item_code => $items[2], session_id => $session)], [10], 'all of them';

    my $over = { %{ $parts[0] }, client_record_id => 'over', verified_qty => 6, partial => \0 };
    my ($conflict) = @{ $asha->post('/api/sync/batch', { records => [$over] })->data->{conflicts} };
    is $conflict->{type}, 'duplicate_count', 'a later figure of the phone asks';
    $over->{replaces} = [ $conflict->{server_record}{client_record_id} ];
    is_deeply $asha->post('/api/sync/batch', { records => [$over] })->data->{ok}, ['over'], 'replaces';
    is verify($asha, $items[2], 9)->data->{verified_qty}, 9, 'and is set again by hand';
    is_deeply [map { $_->{verified_qty} } counting(item_code => $items[2], session_id => $session)], [9], 'by one figure';
    is verify($asha, $items[2], 0, status => 'void')->data->{verified_qty}, 6, 'withdrawn, the figure before counts again';

    my @answers = $stack->parallel(map { [$asha, PATCH => "/api/erp/items/$items[3]/verify", json => { verified_qty => $_ }] } 1 .. 5);
    is $_->status, 200, 'five at once' or diag $_->text for @answers;
    is scalar counting(item_code => $items[3], session_id => $session), 1, 'leave one figure';
    my $mine = sub { return verify($asha, $items[4], 3, client_record_id => 'mine', updated_at => $at, created_at => $at) };
    is $mine->()->data->{client_record_id}, 'mine', 'an id of the caller';
    is $mine->()->data->{verified_qty}, 3, 'sent again is the same';
    is told(verify($asha, $items[4], 8, client_record_id => 'mine', updated_at => $at)), '409 stale_update', 'an edit is to be newer';
    is_deeply [verify($asha, $items[4], 3, partial => \1)->fields], ['partial'], 'parts are for batches';
    is_deeply [verify($asha, $items[4], 3, damage_qty => 1, damaged_qty => 2)->fields], ['damaged_qty'], 'two names with two values';
    release($asha, $rack);

    claim($ben, $rack);
    my $refused = verify($ben, $items[1], 1);
    is told($refused), '409 duplicate_count', 'a figure of another session is asked about';
    my $theirs = $refused->data->{server_record}{client_record_id};
    is verify($ben, $items[1], 1, replaces => [$theirs])->data->{verified_qty}, 1, 'and replaced when so said';
    release($ben, $rack);
};

subtest 'the rules of a record' => sub {
    my ($rack, $other) = map { $stack->rack } 1 .. 2;
    claim($asha, $rack);
    claim($ben, $other);
    my @wrong = (
        [damage_qty => 'damage_exceeds_count', damage_qty => 9], [damage_reason => 'reason_unknown', damage_reason => 'a fork lift'],
        [variance_reason => 'reason_unknown', variance_reason => 'gossip'], [correction_reason => 'reason_unknown', correction_reason => 'x'],
        [condition => 'not_allowed', condition => 'new'], [damaged_qty => 'negative', damaged_qty => -1], [damaged_qty => 'damage_exceeds_count', damaged_qty => 2],
    );
    for my $case (@wrong) {
        my ($field, $code, %member) = @$case;
        my $answer = verify($asha, $items[5], 1, %member);
        is told($answer), '422 validation_failed', "@{[%member]}";
        my ($detail) = @{ $answer->json->{error}{details} };
        is "$detail->{field} $detail->{code}", "$field $code", 'says why';
    }
    is verify($asha, $tracked[0], 2, serial_numbers => ['VSN-1'])->status, 200, 'serial numbers';
    my $taken = verify($ben, $tracked[0], 1, serial_numbers => ['vsn-1']);
    is told($taken), '409 duplicate_serial', 'are in one place';
    is $taken->json->{error}{holder}{user_id}, $asha->user_id, 'and who has it is told';
    is $stack->mongo->count(sync_conflicts => { user_id => $ben->user_id, type => 'duplicate_serial' }), 0, 'nothing is kept of what was refused';
    release($asha, $rack);
    claim($ben, $rack);
    my $lost = verify($asha, $items[6], 1, session_id => (plain([$stack->mongo->find(verification_sessions => { rack_id => $rack, user_id => $asha->user_id })]))->[0]{session_id});
    is told($lost), '409 lock_lost', 'a lost rack';
    is $lost->json->{error}{holder}{user_id}, $ben->user_id, 'and who has it';
    release($ben, $_) for $rack, $other;
};

# Sound pieces and such as go back are stock; what cannot go back is none.
subtest 'signs of damage' => sub {
    my $rack = $stack->rack;
    my $count = open_count(name => 'whole');
    my $item = $items[7];
    ok wait_until { ($stack->mongo->find(session_book => { session_id => $count, item_code => $item }))[0] }, 'the book is frozen';
    my $book = plain([$stack->mongo->find(session_book => { session_id => $count, item_code => $item })])->[0]{system_qty} + 0;
    claim($asha, $rack, count_id => $count);
    for my $case ([$book, 0, 0, 0], [$book + 10, 0, 0, 10], [$book + 10, 5, 0, 15], [$book + 10, 5, 4, 15], [$book, 0, 4, 0], [$book + 3, $book + 3, 0, $book + 6]) {
        my ($sound, $back, $lost, $variance) = @$case;
        my $answer = verify($asha, $item, $sound, damage_qty => $back, non_returnable_damaged_qty => $lost);
        my $data = $answer->data or diag $answer->text;
        is_deeply [@$data{qw(verified_qty damaged_qty non_returnable_damaged_qty variance book)}], [$sound, $back, $lost, $variance, 'warehouse'],
            "$sound sound, $back go back, $lost do not: $variance against $book";
    }
    ok wait_until { (plain([$stack->mongo->find(erp_items => { item_code => $item })])->[0]{variance} // '') eq $book + 6 }, 'and so the worker derives it';
    my ($shown) = $asha->get("/api/erp/items/$item")->data;
    is $shown->{variance}, $book + 6, 'as the item tells';
    release($asha, $rack);
    close_count($count);
};

subtest 'a strict count' => sub {
    my ($expected) = grep { length($_->{book_qty} // '') } $stack->demo('expected');
    plan skip_all => 'no rack has a book' unless $expected;
    my ($rack, $item) = @$expected{qw(rack_id item_code)};
    plan skip_all => 'serials' if grep { $_ eq $item } @tracked;
    my $book = $expected->{book_qty} + 0;
    my $count = open_count(racks => [$rack], strict => \1);
    claim($asha, $rack, count_id => $count);
    my $answer = verify($asha, $item, $book + 1);
    is told($answer), '422 variance_unconfirmed', 'a figure that differs is to be confirmed';
    is_deeply [$answer->fields], ['variance_confirmed'], 'by this field';
    is verify($asha, $item, $book + 1, variance_confirmed => \1, variance_reason => 'misplaced')->status, 200, 'confirmed';
    is verify($asha, $item, $book)->status, 200, 'one that does not needs none';
    release($asha, $rack);
    close_count($count);
};

subtest 'a blind count' => sub {
    my ($rack, $marker) = ($stack->rack, 4716382);
    $stack->mongo->run(qq({"update": "erp_items", "updates": [{"q": {"item_code": "$items[8]"}, "u": {"\$set": {"stock_qty": {"\$numberDecimal": "$marker"}}}}]}));
    my $count = open_count(blind => \1);
    ok wait_until { ($stack->mongo->find(sessions => { session_id => $count, book_state => 'frozen' }))[0] }, 'the book is frozen';
    claim($asha, $rack, count_id => $count);
    my $answer = verify($asha, $items[8], 1);
    is $answer->status, 200, 'verified' or diag $answer->text;
    is_deeply [grep { exists $answer->data->{$_} } qw(stock_qty verified_qty variance damaged_qty non_returnable_damaged_qty book)], [], 'no figure is told';
    ok $answer->data->{blind}, 'and why';
    unlike $answer->text, qr/$marker|@{[$marker - 1]}/, 'nor anywhere';
    release($asha, $rack);
    claim($ben, $rack, count_id => $count);
    my $refused = verify($ben, $items[8], 2);
    is told($refused), '409 duplicate_count', "another's figure is asked about";
    is_deeply [grep { exists $refused->data->{server_record}{$_} } qw(verified_qty damage_qty remark)], [], 'without what it says';
    release($ben, $rack);
    is told(verify($boss, $items[8], 1)), '409 session_required', 'a supervisor has no session either';
    close_count($count);
};

done_testing;
