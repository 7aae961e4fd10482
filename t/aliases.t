#!/usr/bin/perl
# Second names of members and words, for apps written for the system that this one replaces.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(server => 'stockverify_cors_origin *;');
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my ($rack) = map { $_->{rack_id} } grep { $_->{warehouse} eq ($asha->user->{warehouse} // $_->{warehouse}) } $stack->demo('racks');
my $session = $asha->post("/api/racks/$rack/claim", undef)->data->{session_id};
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my $now = '2026-01-05T08:00:00Z';
my $number = 0;

sub record {
    my (%member) = @_;
    return { client_record_id => 'alias-' . ++$number, session_id => $session, item_code => $items[$number], verified_qty => 1,
        status => 'finalized', created_at => $now, updated_at => $now, %member };
}

sub json { my ($client, $method, $path, $body) = @_; return $client->request($method => $path, body => $body) }

subtest 'records' => sub {
    my @records = (record(item_condition => 'Good'), record(item_condition => 'DAMAGED', evidence_photos => ['p1']), record(condition => 'Expired'),
        record(item_condition => 'rotten'), record(item_condition => 'good', condition => 'good'), record(item_condition => '', evidence_photos => undef));
    my $verdicts = $asha->post('/api/sync/batch', { records => \@records })->data;
    is_deeply $verdicts->{ok}, [map { $records[$_]{client_record_id} } 0, 1, 2, 5], 'are taken by second names' or diag explain $verdicts;
    is_deeply [map { "$_->{field} $_->{code}" } @{ $verdicts->{errors} }], ['item_condition not_allowed', 'item_condition not_allowed'],
        'and refused with a word that is none, and with both names';
    my %stored = map { ($_->{client_record_id} => $_) } @{ $asha->get("/api/sessions/$session/records")->data->{items} };
    is $stored{ $records[0]{client_record_id} }{condition}, 'good', 'and stored by the first';
    is_deeply $stored{ $records[1]{client_record_id} }{photo_proofs}, ['p1'], 'pictures too';
    is_deeply $asha->post('/api/sync/batch', [$records[0]])->data->{ok}, ['alias-1'], 'a bare array is a batch';
    my %same = %{ $records[0] };
    $same{condition} = lc delete $same{item_condition};
    is_deeply $asha->post('/api/sync/batch', { records => [\%same] })->data->{ok}, ['alias-1'], 'and the same by its first name is the same';
};

subtest 'answers' => sub {
    my $me = $asha->get('/api/auth/me')->data;
    is $me->{id}, $me->{user_id}, 'a user has an id';
    my $mine = $asha->get("/api/sessions/$session")->data;
    is $mine->{id}, $session, 'so has a session';
    my $item = $asha->get("/api/erp/items/$items[0]")->data;
    is_deeply $item->{is_serialized}, $item->{serial_tracked}, 'is_serialized says what serial_tracked does';
    my @listed = @{ $asha->get("/api/racks/$rack/items")->data->{items} };
    ok @listed > 0, 'so of what a rack is expected to hold';
    is_deeply [map { $_->{is_serialized} } @listed], [map { $_->{serial_tracked} } @listed], 'each';
    my $login = { username => $asha->user->{username}, password => $asha->user->{password} };
    my $flat = $stack->client(url => $stack->url_flat)->post('/api/auth/login', $login)->json;
    ok $flat->{access_token}, 'a flat login has a token' or diag explain $flat;
    is $flat->{data}{access_token}, $flat->{access_token}, 'and data with it';
    is_deeply $asha->with(url => $stack->url_flat)->get('/api/auth/me')->json->{data}, $me, 'so has who one is';
    ok !exists $asha->with(url => $stack->url_flat)->get("/api/sessions/$session")->json->{data}, 'nothing else has';
};

subtest 'counts' => sub {
    my $warehouse = $boss->get('/api/auth/me')->data->{warehouse} // 'ALIAS';
    my $blind = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], type => 'BLIND' });
    ok $blind->status == 201 && $blind->data->{blind}, 'a blind one by its type' or diag $blind->text;
    is $blind->data->{id}, $blind->data->{session_id}, 'with its id';
    my $strict = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], type => 'strict' });
    ok $strict->status == 201 && $strict->data->{strict} && !$strict->data->{blind}, 'a strict one' or diag $strict->text;
    my $wrong = $boss->post('/api/sessions', { warehouse => $warehouse, type => 'SECRET' });
    is $wrong->status . " @{[$wrong->fields]}", '422 type', 'no other';
    my $closed = json($boss, POST => '/api/sessions/bulk/close', '["' . $blind->data->{id} . '", "' . $strict->data->{id} . '"]');
    is_deeply [map { $_->{status} } @{ $closed->data->{results} }], ['CLOSED', 'CLOSED'], 'a bare array closes them' or diag $closed->text;
};

subtest 'conflicts' => sub {
    my $stale = record(client_record_id => 'alias-1', item_code => $items[1], verified_qty => 7, updated_at => '2026-01-04T08:00:00Z');
    my $conflict = $asha->post('/api/sync/batch', { records => [$stale] })->data->{conflicts}[0]{conflict_id};
    ok $conflict, 'there is one';
    is_deeply [map { $_->{conflict_id} } @{ $asha->get('/api/sync/conflicts?status=pending')->data->{items} }], [$conflict], 'that is pending';
    is $asha->post("/api/sync/conflicts/$conflict/resolve", { resolution => 'ignore' })->status, 422, 'no word for it';
    is $asha->post("/api/sync/conflicts/$conflict/resolve", { resolution => 'accept_server', action => 'keep_mine' })->status, 422, 'two that differ';
    my $resolved = $asha->post("/api/sync/conflicts/$conflict/resolve", { resolution => 'accept_server' });
    is $resolved->data->{resolution}, 'keep_server', 'is resolved' or diag $resolved->text;
};

subtest 'names that would change what is meant' => sub {
    my @names = qw(qty quantity counted_qty damaged_qty serial_number lot_no batch_number unit is_partial session rack location warehouse_id);
    my @records = ((map { record($_ => $_ =~ /qty|quantity/ ? 5 : 'x') } @names), record(quantity => undef, is_partial => \0, serials => [], colour => 'red'));
    delete $records[2]{verified_qty};
    my $verdicts = $asha->post('/api/sync/batch', { records => \@records })->data;
    is_deeply [map { "$_->{client_record_id} $_->{field} $_->{code}" } @{ $verdicts->{errors} }],
        [map { "$records[$_]{client_record_id} $names[$_] not_allowed" } 0 .. $#names], 'are their record\'s error' or diag explain $verdicts;
    like $verdicts->{errors}[2]{message}, qr/verified_qty/, 'with the name that was meant';
    is_deeply $verdicts->{ok}, [$records[-1]{client_record_id}], 'where they say nothing, and what else is not known, is passed over';

    my $answer = $asha->post('/api/sync/batch', { records => [], operations => [{ id => 1 }] });
    is $answer->status . " @{[$answer->fields]}", '422 operations', 'of a batch';
    is $asha->post('/api/sync/batch', { records => [], operations => [] })->status, 200, 'none of them';
    my @wrong = ([$boss, '/api/sessions', { warehouse => 'NAMES', blind_count => \1 }, 'blind_count'], [$boss, '/api/sessions', { warehouse => 'NAMES', rack_ids => [$rack] }, 'rack_ids'],
        [$boss, '/api/sessions/bulk/close', { session_ids => ['x'], forced => \1 }, 'forced'], [$asha, "/api/racks/$rack/claim", { is_recount => \1 }, 'is_recount'],
        [$asha, "/api/sessions/$session/complete", { record_count => 3 }, 'record_count'],
        [$asha, '/api/sync/conflicts/x/resolve', { action => 'merge', merged_data => { verified_qty => 1 } }, 'merged_data']);
    for my $wrong (@wrong) {
        my ($client, $path, $body, $field) = @$wrong;
        my $answer = $client->post($path, $body);
        is $answer->status . ' ' . $answer->code . " @{[$answer->fields]}", "422 validation_failed $field", "$path with $field" or diag $answer->text;
    }
    is scalar @{ $boss->get('/api/sessions', query => { warehouse => 'NAMES' })->data->{items} }, 0, 'no count was opened';
    my $verify = "/api/erp/items/$items[30]/verify";
    for my $wrong ({ verified => \0 }, { quantity => 4 }, { rack => 'R9' }) {
        my $answer = $asha->patch($verify, { session_id => $session, verified_qty => 1, %$wrong });
        is $answer->status . " @{[$answer->fields]}", join(' ', 422, keys %$wrong), 'of a verification' or diag $answer->text;
    }
    my $verified = $asha->patch($verify, { session_id => $session, verified_qty => 1, verified => \1, damaged_qty => 0, variance_reason => 'other', variance_confirmed => \1 });
    is $verified->status, 200, 'which takes those of the original that fit' or diag $verified->text;
};

# Every page of a list by its number is the list.
sub walk {
    my ($path, $key, %query) = @_;
    my $whole = $boss->get($path, query => { %query, limit => 500 })->data;
    my $rows = @{ $whole->{items} };
    ok $rows > 2, "$path has rows" or return;
    ok !exists $whole->{pagination}, 'and by cursor no pagination';
    my $pages = int(($rows + 1) / 2);
    my @seen;
    for my $page (1 .. $pages) {
        my $data = $boss->get($path, query => { %query, page => $page, page_size => 2 })->data;
        push @seen, map { $_->{$key} } @{ $data->{items} };
        is_deeply plain($data->{pagination}), { page => $page, page_size => 2, total => $rows, total_pages => $pages,
            has_next => $page < $pages ? 1 : 0, has_prev => $page > 1 ? 1 : 0 }, "page $page of $pages" or diag explain $data->{pagination};
    }
    is_deeply \@seen, [map { $_->{$key} } @{ $whole->{items} }], 'all of them are all';
    my $beyond = $boss->get($path, query => { %query, page => $pages + 1, page_size => 2 })->data;
    ok !@{ $beyond->{items} } && !$beyond->{pagination}{has_next} && !defined $beyond->{next_cursor}, 'behind the last there is nothing';
    is $boss->get($path, query => { %query, page_size => 500 })->data->{pagination}{page}, 1, 'a size alone is of the first';
    my $first = $boss->get($path, query => { %query, page => 1, page_size => 1 })->data;
    is $boss->get($path, query => { %query, limit => 1, cursor => $first->{next_cursor} })->data->{items}[0]{$key}, $seen[1], 'its cursor goes on';
    for my $wrong ({ page => 1, cursor => $first->{next_cursor} }, { page => 2, limit => 5 }, { page_size => 5, limit => 5 }, { page => 0 },
        { page_size => 501 }, { page => 101, page_size => 500 }, { page => 50_001 }) {
        my $answer = $boss->get($path, query => { %query, %$wrong });
        is $answer->status . ' ' . $answer->code, '400 parameter_invalid', join ' ', map { "$_=" . substr $wrong->{$_}, 0, 5 } sort keys %$wrong;
    }
    is $boss->get($path, query => { %query, page => 100, page_size => 500 })->status, 200, 'the last that is reached';
}

subtest 'pages' => sub {
    my $warehouse = $boss->get('/api/auth/me')->data->{warehouse} // 'ALIAS';
    for (1 .. 3) {
        my $count = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], name => "Page $_" })->data->{id};
        $boss->post('/api/sessions/bulk/close', [$count]);
    }
    $asha->post('/api/sync/batch', { records => [map { record(client_record_id => "page-$_", item_code => $items[20 + $_]) } 1 .. 3] });
    $asha->post('/api/sync/batch', { records => [map { record(client_record_id => "page-$_", item_code => $items[20 + $_], verified_qty => 9,
        updated_at => '2026-01-04T08:00:00Z') } 1 .. 3] });
    walk('/api/sessions', 'session_id', warehouse => $warehouse);
    walk('/api/sync/conflicts', 'conflict_id');
    my ($standing) = $asha->get("/api/sessions/$session")->data->{count_id};
    walk('/api/erp/items/variances', 'item_code', count_id => $standing, min_qty => 0);
};

is json($asha, POST => "/api/sessions/$session/heartbeat", 'null')->status, 200, 'null where no body need be';
is json($asha, POST => "/api/racks/$rack/pause", " null\n")->status, 200, 'with blanks around';
is json($asha, POST => '/api/sync/batch', 'null')->code, 'json_invalid', 'and not where one must be';
my $preflight = $stack->client->request(OPTIONS => '/api/sync/batch', headers => { Origin => 'https://app.example', 'Access-Control-Request-Method' => 'POST' });
like $preflight->header('Access-Control-Allow-Headers') // '', qr/\bX-Device-ID\b/, 'a browser may send X-Device-ID';

done_testing;
