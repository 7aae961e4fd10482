#!/usr/bin/perl
# Who may do what on every route, what of others' work is seen, and that a blind count stays blind.
use lib 't/lib';
use StockVerify::Contract;
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $nobody = $stack->client;
my $contract = StockVerify::Contract->new('.');
my @routes = $contract->routes;
my $warehouse = $asha->user->{warehouse};
my $at = '2026-01-05T08:00:00Z';
my %RANK = (anyone => 0, staff => 1, supervisor => 2, admin => 3);
my %clients = (anyone => $nobody, staff => $asha, supervisor => $boss, admin => $admin);

sub call {
    my ($client, $route, %value) = @_;
    my $path = $route->{path} =~ s/\{(\w+)\}/$value{$1} \/\/ 'no-such-thing'/ger;
    my @body = $route->{body} eq 'none' ? () : (json => $value{json} || {});
    return $client->request($route->{method} => $path, @body);
}

subtest 'every route by every role' => sub {
    for my $route (@routes) {
        next if $route->{id} eq 'auth_logout';
        for my $role (sort keys %clients) {
            my $answer = call($clients{$role}, $route);
            my $told = $answer->status . ' ' . $answer->code;
            if ($RANK{$role} >= $RANK{ $route->{role} }) {
                unlike $told, qr/^(?:401 token|403|5)/, "$route->{id} is open to $role" or diag $answer->text;
            } else {
                is $told, $role eq 'anyone' ? '401 token_missing' : '403 forbidden', "$route->{id} is closed to $role";
                is_deeply [$answer->data, [$answer->fields]], [undef, []], 'and tells nothing';
            }
        }
        my $answer = call($stack->client(token => 'x.y.z'), $route);
        is $answer->status . ' ' . $answer->code, '401 token_invalid', "$route->{id} looks at its token" if $route->{role} ne 'anyone';
    }
};

# Quantities that stand nowhere else: seen in an answer, they came from where they should not.
my @expected = $stack->demo('expected');
my ($rack_id) = map { $_->{rack_id} } grep { my $row = $_; grep { $_->{rack_id} eq $row->{rack_id} && $_->{warehouse} eq $warehouse } $stack->demo('racks') } @expected;
my @codes = map { $_->{item_code} } grep { $_->{rack_id} eq $rack_id } @expected;
my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my @plain = grep { !$serial{$_} } @codes;
my ($elsewhere) = grep { my $code = $_; !$serial{$code} && !grep { $_ eq $code } @codes } map { $_->{item_code} } $stack->demo('items');
my ($book, $stock, $counted, $secret) = (7310427, 9264813, 5188336, 'a remark for nobody else');
my $variance = $counted - $book;
$stack->mongo->run(qq({"update": "rack_items", "updates": [{"q": {"rack_id": "$rack_id"}, "u": {"\$set": {"book_qty": {"\$numberDecimal": "$book"}}}, "multi": true}]}));
$stack->mongo->run(qq({"update": "erp_items", "updates": [{"q": {}, "u": {"\$set": {"stock_qty": {"\$numberDecimal": "$stock"}, "stocks": [{"warehouse": "$warehouse", "qty": {"\$numberDecimal": "$stock"}}]}}, "multi": true}]}));
$stack->mongo->run(qq({"update": "item_stock", "updates": [{"q": {}, "u": {"\$set": {"book_qty": {"\$numberDecimal": "$stock"}}}, "multi": true}]}));

sub record {
    my ($id, $session, %member) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $plain[0], verified_qty => $counted, status => 'finalized',
             created_at => $at, updated_at => $at, remark => $secret, lot => 'LOT-OF-ASHA', serial_numbers => ['SERIAL-OF-ASHA'], %member };
}

sub leaks {
    my ($what, $pattern, @answers) = @_;
    my @told = map { $_->text } grep { join("\n", $_->body, $_->{response}->headers->to_string) =~ $pattern } @answers;
    is_deeply \@told, [], $what;
    return;
}

my $session = $asha->post("/api/racks/$rack_id/claim", {})->data->{session_id};
is_deeply $asha->post('/api/sync/batch', { records => [record('of-asha', $session)] })->data->{ok}, ['of-asha'], 'somebody counts';
my $conflict = $asha->post('/api/sync/batch', { records => [record('again', $session, verified_qty => 3, serial_numbers => [])] })->data->{conflicts}[0];
is $conflict->{type}, 'duplicate_count', 'and has a conflict';
my $theirs = $ben->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id};

my $others = qr/\Q$secret\E|LOT-OF-ASHA|$counted/;

subtest "another's session" => sub {
    my @forbidden = (
        (map { $ben->get("/api/sessions/$session$_") } '', '/records', '/stats', '/records?limit=1'),
        (map { $ben->post("/api/sessions/$session/$_", {}) } qw(heartbeat complete)),
        $ben->post('/api/sync/heartbeat', { session_id => $session }), $ben->post("/api/sync/heartbeat?session_id=$session"),
        (map { $ben->post("/api/racks/$rack_id/$_", { session_id => $session }) } qw(release pause resume empty)),
    );
    is $_->status . ' ' . $_->code, '403 forbidden', 'is not theirs' or diag $_->text for @forbidden;
    leaks('and tells nothing of it', qr/$others|\Q${\ $asha->user->{full_name}}\E/, @forbidden);
    my @without = map { $ben->post("/api/racks/$rack_id/$_", {}) } qw(release pause resume);
    is $_->status . ' ' . $_->code, '409 lock_lost', 'nor is the rack' or diag $_->text for @without;
    is $asha->post("/api/sessions/$session/heartbeat")->status, 200, 'its holder holds it still';
    for my $path ('/api/sessions/active', '/api/sessions/user/history', '/api/racks/user/active', '/api/sync/conflicts', "/api/sync/conflicts?session=$session",
        "/api/sync/conflicts?session=" . $boss->get("/api/sessions/$session")->data->{count_id}) {
        my $answer = $ben->get($path);
        is $answer->status, 200, $path;
        leaks("$path holds nobody else's", qr/\Q$session\E|$others/, $answer);
    }
    my $count = $boss->get("/api/sessions/$session")->data->{count_id};
    is $ben->get("/api/sessions/$count$_")->status, 403, "nor the count's$_" for '/records', '/stats';
    is $boss->get("/api/sessions/$session$_")->status, 200, "a supervisor sees it$_" for '', '/records', '/stats';
};

subtest "another's records and conflicts" => sub {
    my @answers = (
        $ben->post('/api/sync/batch', { records => [record('of-asha', $theirs, verified_qty => 1, lot => 'x', remark => 'x', serial_numbers => [])] }),
        $ben->post('/api/sync/batch', { records => [record('of-asha', $session, verified_qty => 1, lot => 'x', remark => 'x', serial_numbers => [])] }),
        $ben->post('/api/sync/batch', { records => [record('of-ben', $session, verified_qty => 1, lot => 'x', remark => 'x', serial_numbers => [])] }),
        $ben->post('/api/sync/batch', { records => [record('of-ben', $theirs, verified_qty => 1, lot => 'x', remark => 'x')] }),
    );
    my @words = map { my $data = $_->data; (map { $_->{type} } @{ $data->{conflicts} }), (map { $_->{code} } @{ $data->{errors} }), @{ $data->{ok} } } @answers;
    is_deeply \@words, [qw(foreign_record foreign_record session_unknown duplicate_serial)], 'the verdicts';
    leaks('what the record says is not told', $others, @answers, $ben->get('/api/sync/conflicts'));
    # Their own record's id, quoted as Asha's words: a replay is judged by owner first.
    my $replay = $ben->post('/api/sync/batch', { records => [record('of-asha', $session)] })->data;
    is_deeply [$replay->{ok}, $replay->{conflicts}[0]{type}], [[], 'foreign_record'], 'the same content is no replay of theirs';
    for my $action (qw(keep_mine keep_server merge)) {
        my $answer = $ben->post("/api/sync/conflicts/$conflict->{conflict_id}/resolve", { action => $action, record => { verified_qty => 1 } });
        is $answer->status . ' ' . $answer->code, '404 not_found', "$action of another's conflict";
    }
    my ($foreign) = grep { $_->{type} eq 'foreign_record' } @{ $ben->get('/api/sync/conflicts')->data->{items} };
    for my $action (qw(keep_mine merge)) {
        my $answer = $ben->post("/api/sync/conflicts/$foreign->{conflict_id}/resolve", { action => $action, record => { verified_qty => 1 } });
        isnt $answer->status, 200, "$action does not take the record over";
        leaks('nor shows it', $others, $answer);
    }
    my $mine = $asha->get('/api/sync/conflicts')->data->{items}[0]{conflict_id};
    for my $change ({ client_record_id => 'other' }, { session_id => $theirs }) {
        my $answer = $asha->post("/api/sync/conflicts/$mine/resolve", { action => 'merge', record => $change });
        is $answer->status, 422, 'a resolution keeps record and session' or diag $answer->text;
    }
    my ($stored) = @{ plain([$stack->mongo->find('verification_records', { client_record_id => 'of-asha' })]) };
    is "$stored->{user_id} $stored->{verified_qty} $stored->{remark}", join(' ', $asha->user_id, $counted, $secret), 'it stands as it was';
    is $stack->mongo->count('verification_records', { user_id => $ben->user_id }), 0, 'and nothing was stored for the other';
};

subtest 'what a client says of itself is nothing' => sub {
    my $data = $ben->post('/api/sync/batch', { records => [record('claims', $theirs, item_code => $plain[1], user_id => $asha->user_id, fence => 99,
        count_id => 'x', warehouse => 'x', standing => 'replaced', counts => \0, decision => 'against', whole => \0, content_hash => 'x', round => 9, received_at => $at, _id => 1,
        serial_numbers => [])] })->data;
    is_deeply $data->{ok}, ['claims'], 'members that are none of a record are left out';
    my ($stored) = @{ plain([$stack->mongo->find('verification_records', { client_record_id => 'claims' })]) };
    is $stored->{user_id}, $ben->user_id, 'the owner is who sent it';
    isnt $stored->{$_}, { fence => 99, count_id => 'x', warehouse => 'x', content_hash => 'x', round => 9, received_at => $at, _id => 1 }->{$_},
        "$_ is the server's" for qw(fence count_id warehouse content_hash round received_at _id);
    ok $stored->{standing} eq 'counts' && $stored->{whole}, 'and it counts';
    my $answer = $ben->post('/api/auth/login', { username => $ben->user->{username}, password => $ben->user->{password}, role => 'admin' });
    is $answer->data->{user}{role}, 'staff', 'nobody logs in as more than they are';
    is $ben->post('/api/racks/' . $stack->rack . '/claim', { user_id => $asha->user_id, fence => 99 })->data->{fence}, 1, 'nor claims a fence';
    my %device = (device_id => 'phone of asha');
    $stack->login($asha->user, %device);
    is $ben->get('/api/auth/devices/phone%20of%20asha')->status, 404, "another's device is not there";
    is $ben->del('/api/auth/devices/phone%20of%20asha')->status, 404, 'and not to be forgotten';
    is $asha->get('/api/auth/devices/phone%20of%20asha')->status, 200, 'it is its owner\'s';
};

# Whoever may count in any warehouse, their own or not.
sub guest {
    my ($home) = @_;
    my %user = (username => 'guest of ' . ($home // 'none'), password => 'a long enough password');
    my $made = $admin->post('/api/admin/users', { %user, full_name => 'A guest', role => 'staff', $home ? (warehouse => $home) : () });
    is $made->status, 201, 'a guest' or diag $made->text;
    return $stack->login(\%user);
}

# A blind count over another rack of the warehouse; whoever works in it sees no book anywhere.
subtest 'blind' => sub {
    my $numbers = qr/$book|$stock|$variance|@{[abs $variance]}|(?:system|stock|book)_qty|variance":\s*[-\d]|unit_cost/;
    my $before = $asha->get("/api/racks/$rack_id/items");
    like $before->body, qr/$book/, 'eyes open: the book is seen';
    my $etag = $before->header('ETag');
    ok $asha->post("/api/racks/$rack_id/release", {})->status == 200, 'the rack is free';
    my $blind_rack = $rack_id;
    my $count = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$blind_rack], blind => \1, name => 'Blind' });
    is $count->status, 201, 'a blind count' or diag $count->text;
    my $count_id = $count->data->{session_id};
    wait_until { ($boss->get("/api/sessions/$count_id")->data->{book_state} // '') eq 'frozen' } 30, 'its book'
        if exists $count->data->{book_state};
    my $claim = $asha->post("/api/racks/$blind_rack/claim", {});
    ok $claim->data->{blind}, 'the rack is counted blindly' or diag $claim->text;
    my $mine = $claim->data->{session_id};
    my $sent = $asha->post('/api/sync/batch', { records => [record('blind-1', $mine, serial_numbers => [])] });
    is_deeply $sent->data->{ok}, ['blind-1'], 'counted' or diag $sent->text;
    wait_until { my ($row) = @{ plain([$stack->mongo->find('session_book', { session_id => $count_id, item_code => $plain[0] })]) };
        $row && $row->{counted} } 30, 'its totals';
    my $items = $asha->get("/api/racks/$blind_rack/items", headers => { 'If-None-Match' => $etag });
    is $items->status, 200, 'what was seen before is not what is seen now';
    my @guests = map { guest($_) } undef, 'another warehouse';
    my @looked = map { my $guest = $_; map { $guest->get($_) } map { ($_, $_) } "/api/erp/items/$plain[0]", "/api/erp/items/barcode/$plain[0]",
        "/api/erp/items/search?q=$plain[0]", '/api/erp/items?limit=500' } @guests;
    is_deeply [grep { $_->status != 200 } @looked], [], 'staff of no warehouse and of another look at the item';
    leaks('and are not told what the blind count and its racks have of it', qr/$book|$counted|$variance|@{[abs $variance]}/, @looked);
    my ($far) = map { $_->{rack_id} } grep { $_->{warehouse} ne $warehouse } $stack->demo('racks');
    $stack->mongo->run(qq({"insert": "rack_items", "documents": [{"rack_id": "$far", "item_code": "$plain[0]", "book_qty": {"\$numberDecimal": "$book"}}]}));
    my @far = map { $_->get("/api/racks/$far/items") } $guests[0], $asha;
    is_deeply [map { $_->data->{blind} } @far], [JSON::PP::true, JSON::PP::true], 'nor are they, and who is of the warehouse, of racks elsewhere' or diag $far[0]->text;
    leaks('what the books have', $numbers, @far);
    my $other = $stack->rack;
    my @answers = ($claim, $sent, $items,
        $asha->post('/api/sync/batch', { records => [record('blind-2', $mine, verified_qty => 2, serial_numbers => [])] }),
        $asha->post('/api/sync/batch', { records => [record('blind-1', $mine, verified_qty => 3, updated_at => '2025-01-01T00:00:00Z', serial_numbers => [])] }),
        $asha->post('/api/sync/batch', { records => [record('blind-3', $mine, verified_qty => -1), record('blind-4', $mine, damage_qty => 9e8)] }),
        (map { $asha->get($_) } "/api/racks/$blind_rack/status", "/api/racks/$other/items", "/api/racks/$blind_rack/items?since=2020-01-01T00:00:00Z",
            '/api/racks/available', '/api/racks/floors', '/api/racks/user/active', '/api/warehouses', '/api/sessions', "/api/sessions/$count_id",
            "/api/sessions/$count_id/stats", "/api/sessions/$count_id/records", "/api/sessions/$mine", "/api/sessions/$mine/records",
            "/api/sessions/$mine/stats", '/api/sessions/active', '/api/sessions/user/history', '/api/sync/conflicts', '/api/auth/me', '/api/config'),
        $asha->post("/api/sessions/$mine/heartbeat"), $asha->post("/api/racks/$blind_rack/pause", {}), $asha->post("/api/racks/$blind_rack/resume", {}),
    );
    my @met = map { @{ $_->data->{items} || [] } } grep { $_->is_object && ref $_->data eq 'HASH' } $asha->get('/api/sync/conflicts');
    push @answers, map { $asha->post("/api/sync/conflicts/$_->{conflict_id}/resolve", { action => 'keep_server' }) } @met;
    push @answers, $asha->post("/api/sessions/$mine/complete"), $asha->get("/api/sessions/$mine/stats"), $asha->get("/api/sessions/$mine");
    push @answers, $ben->post("/api/racks/$blind_rack/claim", { recount => \1 }), $ben->get("/api/racks/$blind_rack/items");
    ok @met >= 2, 'conflicts were met on the way';
    leaks('no answer to staff holds a book quantity or a variance', $numbers, @answers,
        (map { $_->with(url => $stack->url_flat)->get("/api/racks/$blind_rack/items") } $asha, $ben));
    is scalar(grep { $_->status >= 500 } @answers), 0, 'and none failed';
    leaks('nor does the recount see the first round', qr/$counted|\Q$secret\E/, grep { 1 } @answers[-2, -1]);
    like $boss->get("/api/racks/$blind_rack/items")->body, qr/$book/, 'a supervisor sees the book';
    is $boss->get("/api/sessions/$count_id/records")->status, 200, 'and the records';
    my $strict = $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$other], strict => \1 });
    is $strict->status, 201, 'a strict count beside the blind one' or diag $strict->text;
    $stack->mongo->run(qq({"insert": "rack_items", "documents": [{"rack_id": "$other", "item_code": "$elsewhere", "book_qty": {"\$numberDecimal": "$book"}}]}));
    my $inside = $asha->post("/api/racks/$other/claim", { count_id => $strict->data->{session_id} })->data->{session_id};
    my $unconfirmed = $asha->post('/api/sync/batch', { records => [record('strict-1', $inside, item_code => $elsewhere, serial_numbers => [])] });
    is_deeply [map { $_->{code} } @{ $unconfirmed->data->{errors} }], ['variance_unconfirmed'], 'asks for a confirmation' or diag $unconfirmed->text;
    leaks('and gives no figure', qr/$book|$variance|@{[abs $variance]}/, $unconfirmed);
};

# Else its refusals would tell by trying what the book says.
subtest 'a strict count over a rack that a blind count has open' => sub {
    my ($expected) = grep { length($_->{book_qty} // '') && $_->{rack_id} ne $rack_id } $stack->demo('expected');
    my ($rack, $item, $book) = @$expected{qw(rack_id item_code book_qty)};
    my ($blind, $strict) = map { $boss->post('/api/sessions', { warehouse => $warehouse, racks => [$rack], $_ => \1, name => "A $_ count" })->data->{session_id} } qw(blind strict);
    my $session = $ben->post("/api/racks/$rack/claim", { count_id => $strict })->data->{session_id};
    my $count = sub {
        my ($id, $more) = @_;
        my $answer = $ben->post('/api/sync/batch', { records => [record($id, $session, item_code => $item, verified_qty => $book + $more, revision => $more, serial_numbers => [])] });
        return ((map { $_->{code} } @{ $answer->data->{errors} }), @{ $answer->data->{ok} });
    };
    is_deeply [$count->('strict-2', 1)], ['strict-2'], 'a figure is taken without a question';
    is $boss->post('/api/sessions/bulk/close', { session_ids => [$blind], reason => 'done', force => \1 })->status, 200, 'the blind count is over';
    is_deeply [$count->('strict-2', 2)], ['variance_unconfirmed'], 'then it is compared';
};

done_testing;
