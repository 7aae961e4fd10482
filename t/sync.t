#!/usr/bin/perl
# POST /api/sync/batch: verdicts, replays, bad input, and what is stored in the end.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $asha = $stack->login('staff');
my $ben = $stack->login('staff');
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my @tracked = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i } $stack->demo('items');
my $at = '2026-01-05T08:00:00Z';

sub claim {
    my ($user, $rack) = @_;
    my $answer = $user->post("/api/racks/$rack/claim", {});
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data->{session_id};
}

sub record {
    my ($id, $session, %member) = @_;
    return { client_record_id => $id, session_id => $session, verified_qty => 1, status => 'finalized', created_at => $at,
             updated_at => $at, %member };
}

sub batch {
    my ($user, @records) = @_;
    return $user->post('/api/sync/batch', { batch_id => 'b1', records => \@records });
}

sub words {
    my ($answer) = @_;
    my $data = $answer->data or return $answer->text;
    my %word = ((map { $_ => 'ok' } @{ $data->{ok} }), (map { $_->{client_record_id} => $_->{type} } @{ $data->{conflicts} }),
        (map { ($_->{client_record_id} // '?') => "$_->{field} $_->{code}" } @{ $data->{errors} }));
    return join ', ', map { "$_: $word{$_}" } sort keys %word;
}

my $rack = $stack->rack;
my $session = claim($asha, $rack);

subtest 'a batch of everything' => sub {
    my $answer = batch($asha,
        record('a1', $session, item_code => $items[0], verified_qty => 12.5, damage_qty => 0.5, rack_id => $rack),
        record('a2', $session, item_code => $tracked[0], verified_qty => 2, serial_numbers => [ 'SN-1', 'SN-2' ]),
        record('a3', $session, item_code => $items[1], verified_qty => -1),
        record('a4', $session, item_code => 'no such item'),
        record('a5', 'no such session', item_code => $items[2]),
        record('a6', $session, item_code => $items[3], rack_id => 'elsewhere'),
        record('a7', $session, item_code => $items[4], verified_qty => 1, damage_qty => 2),
        record('a8', $session, item_code => $items[0]));
    is $answer->status, 200, 'processed' or diag $answer->text;
    is words($answer), 'a1: ok, a2: ok, a3: verified_qty negative, a4: ok, a5: session_id session_unknown, '
        . 'a6: rack_id rack_mismatch, a7: damage_qty damage_exceeds_count, a8: duplicate_count', 'each record has its verdict';
    is_deeply $answer->data->{unknown}, ['a4'], 'a code that is no item\'s is told';
    is $answer->data->{total_records}, 8, 'all are counted';
    is $answer->data->{batch_id}, 'b1', 'the batch is named';
    is_deeply [ map { $_->{index} } @{ $answer->data->{errors} } ], [ 2, 4 .. 6 ], 'errors stand in the order sent';
    my $conflict = $answer->data->{conflicts}[0];
    is $conflict->{server_record}{client_record_id}, 'a1', 'the figure in the way is shown';
    ok $conflict->{conflict_id}, 'the conflict is kept';
};

subtest 'replays' => sub {
    my @records = (record('a2', $session, item_code => $tracked[0], verified_qty => 2, serial_numbers => [ 'SN-1', 'SN-2' ]),
        record('r1', $session, item_code => $items[5]));
    is words(batch($asha, @records)), 'a2: ok, r1: ok', 'a lost answer is settled by sending again';
    my @answers = $stack->parallel(map { [ $asha, POST => '/api/sync/batch', json => { records => \@records } ] } 1 .. 6);
    is words($_), 'a2: ok, r1: ok', 'also six at once' for @answers;
    is words(batch($asha, reverse @records)), 'a2: ok, r1: ok', 'in any order';
};

subtest 'a round holds only so many figures of an item' => sub {
    my $chloe = $stack->login('staff');
    my $many = claim($chloe, $stack->rack);
    my @part = (item_code => $items[8], partial => \1);
    for my $hundred (0 .. 9) {
        my $answer = batch($chloe, map { record("part-$_", $many, @part) } $hundred * 100 .. $hundred * 100 + 99);
        is scalar @{ $answer->data->{ok} }, 100, 'a hundred parts are stored';
    }
    is words(batch($chloe, record('part-1000', $many, @part), record('other-1', $many, @part, item_code => $items[9]),
        record('part-7', $many, @part, verified_qty => 5, updated_at => '2026-01-05T09:00:00Z'), record('part-8', $many, @part))),
        'other-1: ok, part-1000: item_code too_many_figures, part-7: ok, part-8: ok',
        'one more is refused, by name; others are corrected and sent again all the same';
    is words(batch($chloe, record('other-1', $many, @part, updated_at => '2026-01-05T09:00:00Z'))), 'other-1: item_code too_many_figures',
        'nor does one of another item become its';
    is words(batch($chloe, record('part-999', $many, @part, status => 'void', updated_at => '2026-01-05T09:00:00Z'),
        record('part-1001', $many, @part))), 'part-1001: item_code too_many_figures, part-999: ok', 'one that is withdrawn makes no room';
};

subtest 'a serial number is raced for' => sub {
    my $other = claim($ben, $stack->rack);
    for my $n (1 .. 5) {
        my @answers = $stack->parallel(map {
            my ($user, $in, $name) = @$_;
            [ $user, POST => '/api/sync/batch', json => { records => [
                record("$name-$n", $in, item_code => $tracked[$n], serial_numbers => ["RACE-$n"]) ] } ]
        } [ $asha, $session, 'asha' ], [ $ben, $other, 'ben' ]);
        my @won = grep { @{ $answers[$_]->data->{ok} } } 0, 1;
        is scalar @won, 1, 'one wins' or diag map { $_->text } @answers;
        my $lost = $answers[1 - $won[0]]->data->{conflicts}[0];
        is $lost->{type}, 'duplicate_serial', 'the other meets a conflict';
        is $lost->{holder}{user_id}, ($asha, $ben)[$won[0]]->user_id, 'and is told who has it';
        like $lost->{message}, qr/RACE-$n/, 'and which';
        ok $lost->{server_record}{rack_id}, 'and where';
    }
};

subtest 'a lost rack' => sub {
    my $contested = $stack->rack;
    my $mine = claim($asha, $contested);
    is words(batch($asha, record('l1', $mine, item_code => $items[0]))), 'l1: ok', 'as long as it is ours';
    is $asha->post("/api/racks/$contested/release", {})->status, 200, 'released';
    is words(batch($asha, record('l2', $mine, item_code => $items[1]))), 'l2: ok', 'late work lands while nobody else came';
    my $theirs = claim($ben, $contested);
    my $answer = batch($asha, record('l1', $mine, item_code => $items[0]), record('l3', $mine, item_code => $items[2]));
    is words($answer), 'l1: ok, l3: lock_lost', 'what was stored stays stored, the rest is a conflict';
    is $answer->data->{conflicts}[0]{holder}{user_id}, $ben->user_id, 'who has the rack now is told';
    my $over = batch($ben, record('l4', $theirs, item_code => $items[0], verified_qty => 9));
    is words($over), 'l4: duplicate_count', 'the round has a figure already';
    is $over->data->{conflicts}[0]{server_record}{client_record_id}, 'l1', 'which is told';
    is words(batch($ben, record('l4', $theirs, item_code => $items[0], verified_qty => 9, replaces => ['l1']))), 'l4: ok', 'replaced, if so said';
    my ($first) = @{ plain([$stack->mongo->find('verification_records', { client_record_id => 'l1' })]) };
    is $first->{standing}, 'replaced', 'the other counts in place of the first';
};

subtest 'bad batches' => sub {
    my $too_many = batch($asha, map { record("m$_", $session, item_code => $items[0]) } 1 .. 101);
    is $too_many->status, 422, 'more than the batch size';
    is $too_many->json->{error}{code}, 'batch_too_large', 'is named';
    for my $case ([ '{"records":7}', 'records' ], [ '{}', 'records' ], [ '{"records":[],"batch_id":""}', 'batch_id' ]) {
        my $answer = $asha->request(POST => '/api/sync/batch', body => $case->[0]);
        is $answer->status, 422, $case->[0];
        is $answer->json->{error}{details}[0]{field}, $case->[1], 'names the field';
    }
    for my $clock ('7', '"today"', '{}', '"9999999-01-01T00:00:00Z"', '-1e300') {
        my $answer = $asha->request(POST => '/api/sync/batch', body => qq<{"records":[[]],"sent_at":$clock,"left":$clock}>);
        is $answer->status, 200, "a clock that says $clock stops nothing";
        is_deeply [map { "$_->{index} $_->{code}" } @{ $answer->data->{errors} }], ['0 wrong_type'], 'what is no record is told at its place';
    }
    for my $body ('{"records":[', "{\"records\":[\"\xff\"]}", '{"records":[],"batch_id":"a\ud83d"}', '{"records":[],"records":[]}', '{"records":[1e400]}', '[' x 40,
        '{"records":[],"batch_id":"a\u0000b"}', 'null', '7') {
        my $answer = $asha->request(POST => '/api/sync/batch', body => $body);
        is $answer->status, 400, 'malformed: ' . substr($body, 0, 20) =~ s/[^ -~]/?/gr or diag $answer->text;
    }
    my $answer = $asha->request(POST => '/api/sync/batch', body => '{"records":[{"$where":"1","client_record_id":"$ne"}]}');
    is $answer->status, 200, 'names with $ are only names';
    is $answer->data->{errors}[0]{client_record_id}, '$ne', 'and told back';
    is words(batch($asha, record('big', $session, item_code => $tracked[0], serial_numbers => [ map { "N$_" } 1 .. 10_000 ]))),
        'big: serial_numbers too_many_serials', 'ten thousand serial numbers are too many';
    is $stack->client->post('/api/sync/batch', { records => [] })->status, 401, 'nobody syncs';
};

subtest 'what was said is what is stored' => sub {
    my $records = plain([$stack->mongo->find('verification_records', { session_id => $session })]);
    is_deeply [ sort map { $_->{client_record_id} } grep { $_->{client_record_id} !~ /-/ } @$records ], [qw(a1 a2 a4 r1)],
        'each acknowledged record once, nothing else';
    my ($first) = grep { $_->{client_record_id} eq 'a1' } @$records;
    is $first->{verified_qty}, '12.5', 'to the last digit';
    my ($count) = $first->{count_id};
    wait_until {
        my ($book) = @{ plain([$stack->mongo->find('session_book', { session_id => $count, item_code => $items[5] })]) };
        $book && $book->{counted} && $book->{counted}{verified_qty} == 1;
    } 20, 'the totals';
    pass 'and the totals follow';
};

done_testing;
