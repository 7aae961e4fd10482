#!/usr/bin/perl
# What nobody knows is counted, reported, and becomes an item's once it is known what it is.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => { FIND_SESSION_MAX => 3, FIND_DAY_MAX => 5 });
my ($asha, $ben, $cara) = map { $stack->login('staff') } 1 .. 3;
my $sue = $stack->login('supervisor');
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my $rack = $stack->rack;
my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
my ($session, $count) = @$claim{qw(session_id count_id)};

sub record {
    my ($id, $quantity, %member) = @_;
    return { client_record_id => $id, session_id => $session, verified_qty => $quantity, status => 'finalized',
             created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %member };
}

sub sync { my ($user, @records) = @_; return $user->post('/api/sync/batch', { records => \@records })->data }
sub code { my ($answer) = @_; return $answer->status . ' ' . ($answer->json->{error} ? $answer->json->{error}{code} : 'ok') }
sub finds { my ($user, %query) = @_; return @{ $user->get('/api/unknown-items', query => \%query)->data->{items} } }
sub resolve { my ($user, $id, %decision) = @_; return $user->post('/api/unknown-items/' . ($id =~ s/:/%3A/r) . '/resolve', \%decision) }

# What the count has of an item by now: the worker derives it.
sub line {
    my ($item) = @_;
    my $line = plain($stack->mongo->find_one('session_book', { session_id => $count, item_code => $item })) or return 'none';
    return $line->{counted} ? "$line->{counted}{verified_qty}" . ($line->{counted}{unknown} ? ' unknown' : '') : 'nothing';
}

sub comes_to { my ($item, $wanted) = @_; wait_until { line($item) eq $wanted } 30, "$item to come to $wanted"; return }

subtest 'a code that nobody knows' => sub {
    is_deeply sync($asha, record('n1', 5, item_code => 'NEW/1'), record('n2', 2, item_code => $items[0]))->{unknown}, ['n1'], 'is counted';
    comes_to('NEW/1', '5 unknown');
    my ($note) = finds($asha, status => 'open');
    is_deeply [@$note{qw(kind code rack_id session_id status)}], ['code', 'NEW/1', $rack, $session, 'open'], 'and noted, with where it was';
    is_deeply [finds($ben)], [], 'for its finder';
    is scalar finds($sue), 1, 'and supervisors';
    is code(resolve($sue, $note->{unknown_item_id}, action => 'link', item_code => 'nothing')), '422 validation_failed', 'only an item is linked to';
    is code(resolve($sue, $note->{unknown_item_id}, action => 'link')), '422 validation_failed', 'and is named';
    is code(resolve($asha, $note->{unknown_item_id}, action => 'link', item_code => $items[0])), '403 forbidden', 'by a supervisor';
    my $answer = resolve($sue, $note->{unknown_item_id}, action => 'link', item_code => $items[0]);
    is_deeply [code($answer), @{ $answer->data }{qw(status item_code records pending resolved_by)}], ['200 ok', 'linked', $items[0], 1, Mojo::JSON->false, $sue->user_id], 'it is that';
    comes_to($items[0], '7');
    comes_to('NEW/1', 'nothing');
    my $again = $asha->get('/api/erp/items/barcode/NEW%2F1');
    is $again->data->{item}{item_code}, $items[0], 'the code finds it from now on' or diag $again->text;
    my ($listed) = grep { $_->{item_code} eq $items[0] } @{ $asha->get("/api/racks/$rack/items")->data->{items} };
    is_deeply [(grep { $_ eq 'NEW/1' } @{ $listed->{barcodes} }), $listed->{packs}, $listed->{lot_tracked}], ['NEW/1', [], Mojo::JSON->false], 'on phones that are off line, too' or diag explain $listed;
    is_deeply sync($asha, record('n1', 5, item_code => 'NEW/1'))->{ok}, ['n1'], 'sent again it is a replay';
    is_deeply sync($asha, record('n1', 6, item_code => 'NEW/1', updated_at => '2026-01-05T09:00:00Z'))->{ok}, ['n1'], 'an edit follows';
    comes_to($items[0], '8');
    is code(resolve($sue, $note->{unknown_item_id}, action => 'reject')), '409 conflict_resolved', 'no other decision after it';
    my ($stored) = grep { $_->{client_record_id} eq 'n1' } @{ $asha->get("/api/sessions/$session/records")->data->{items} };
    is_deeply [@$stored{qw(item_code counted_as decision)}], [$items[0], 'NEW/1', 'merged'], 'the record tells what it came under';
};

subtest 'a find' => sub {
    my %find = (unknown_item_id => 'find-1', name => 'Blue pump', remark => "no label\nbehind the door", session_id => $session);
    my $answer = $asha->post('/api/unknown-items', \%find);
    is code($answer), '201 ok', 'is stored';
    is $answer->data->{rack_id}, $rack, 'with where it was found';
    is code($asha->post('/api/unknown-items', \%find)), '200 ok', 'once';
    is code($asha->post('/api/unknown-items', { %find, name => 'Red pump' })), '409 already_exists', 'an id is one find';
    is code($ben->post('/api/unknown-items', { %find, unknown_item_id => 'find-3' })), '422 validation_failed', 'nobody else has the session';
    is code($ben->post('/api/unknown-items', { unknown_item_id => 'find-1', name => 'x' })), '409 already_exists', 'nor the id';
    is code($asha->post('/api/unknown-items', { unknown_item_id => 'find-2' })), '422 validation_failed', 'nothing said is no find';
    is code($asha->post('/api/unknown-items', { unknown_item_id => 'find-2', name => 'x', rack_id => 'no rack' })), '422 validation_failed', 'nor is nowhere';
    is_deeply sync($asha, record('f1', 3, unknown_item_id => 'find-1'))->{ok}, ['f1'], 'what is there of it is counted';
    is code(resolve($sue, 'find-1', action => 'create')), '422 validation_failed', 'a new item needs a code';
    is code(resolve($sue, 'find-1', action => 'create', item_code => $items[0])), '422 validation_failed', 'of its own';
    $answer = resolve($sue, 'find-1', action => 'create', item_code => 'PUMP-1');
    is_deeply [code($answer), $answer->data->{status}, $answer->data->{records}], ['200 ok', 'created', 1], 'it becomes one';
    comes_to('PUMP-1', '3');
    is $asha->get('/api/erp/items/PUMP-1')->data->{item_name}, 'Blue pump', 'of that name';
    is code(resolve($sue, 'find-1', action => 'create', item_code => 'PUMP-1')), '200 ok', 'again';
    is code(resolve($sue, 'no-find', action => 'reject')), '404 not_found', 'no find';
};

subtest 'how many' => sub {
    my $of_cara = $cara->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id};
    my $report = sub { my ($id, %more) = @_; return $cara->post('/api/unknown-items', { unknown_item_id => "many-$id", name => "thing $id", %more }) };
    my $refused = sub { my ($answer) = @_; return join ' ', code($answer), map { "$_->{field} $_->{code}" } @{ $answer->json->{error}{details} } };
    is code($report->($_, session_id => $of_cara)), '201 ok', "$_ of a session" for 1 .. 3;
    is $refused->($report->(4, session_id => $of_cara)), '422 validation_failed session_id too_many', 'and no more';
    is code($report->(3, session_id => $of_cara)), '200 ok', 'but for those that are there';
    is code($report->($_)), '201 ok', "$_ of a person" for 4 .. 5;
    is $refused->($report->(6)), '422 validation_failed unknown_item_id too_many', 'and no more in a day';
    is_deeply sync($cara, record('of-cara', 1, session_id => $of_cara, item_code => 'NEW/2'))->{ok}, ['of-cara'], 'what is counted is bound by none of it';
};

subtest 'an import that brings the item' => sub {
    sync($asha, record('i1', 4, item_code => 'LATER-1'), record('i2', 9, item_code => '4006381333931'));
    comes_to('LATER-1', '4 unknown');
    my (undef, $status) = $stack->ctl([qw(items import -)], "item_code,item_name,barcodes\nLATER-1,Late one,\nPEN-1,A pen,4006381333931\n");
    is $status, 0, 'the master grows';
    comes_to('LATER-1', '4');
    comes_to('PEN-1', '9');
    comes_to('4006381333931', 'nothing');
    is_deeply [map { $_->{resolved_by} } grep { ($_->{code} // '') eq 'LATER-1' } finds($sue, status => 'linked')], [undef], 'by nobody\'s word but the master\'s';
};

subtest 'what the master has no more' => sub {
    $stack->mongo->run(qq({"update": "erp_items", "updates": [{"q": {"item_code": "$items[1]"}, "u": {"\$set": {"deleted": true}}}]}));
    is_deeply sync($asha, record('d1', 4, item_code => $items[1]), record('d2', 3, item_code => 'OLD-LABEL'))->{ok}, ['d1', 'd2'], 'is counted still';
    comes_to($items[1], '4');
    my ($note) = grep { ($_->{code} // '') eq 'OLD-LABEL' } finds($sue, status => 'open');
    is resolve($sue, $note->{unknown_item_id}, action => 'link', item_code => $items[1])->data->{records}, 1, 'and linked to';
    comes_to($items[1], '7');
    comes_to('OLD-LABEL', 'nothing');
};

subtest 'rejected' => sub {
    sync($asha, record('x1', 1, item_code => 'JUNK'));
    my ($note) = grep { ($_->{code} // '') eq 'JUNK' } finds($sue, status => 'open');
    is code(resolve($sue, $note->{unknown_item_id}, action => 'reject', note => 'a pallet')), '200 ok', 'it is none';
    comes_to('JUNK', '1 unknown');
};

subtest 'lists' => sub {
    my $first = $sue->get('/api/unknown-items', query => { limit => 2 })->data;
    my $second = $sue->get('/api/unknown-items', query => { limit => 2, cursor => $first->{next_cursor} })->data;
    is scalar(@{ $first->{items} }), 2, 'page by page';
    isnt $first->{items}[0]{unknown_item_id}, $second->{items}[0]{unknown_item_id}, 'each once';
    ok $first->{next_since}, 'with where the next walk begins';
    is code($sue->get('/api/unknown-items', query => { status => 'lost' })), '400 parameter_invalid', 'a wrong filter';
};

done_testing;
