#!/usr/bin/perl
# A counter in a blind count asks everything that a counter may ask, in good and in bad ways, and listens: nothing that comes
# back carries what the books say, a variance, or what another has counted. The routes are the contract's: one that this
# does not know how to ask fails it.
use lib 't/lib';
use StockVerify::Contract;
use StockVerify::Events;
use StockVerify::Test;
use IO::Select;
use Mojo::Util 'url_escape';

# What stands nowhere else: the books end in it, another's figures are made of it, and their difference would show it.
my ($BOOK, $OTHERS) = ('7310.432119', 6271.828455);
my $MARKS = qr/432119|567881|828455|171545|603664|396336/;

my $stack = start_stack(settings => { WORKER_TOTALS_INTERVAL => 100 });
my $mongo = $stack->mongo;
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my $contract = StockVerify::Contract->new('.');
my @routes = grep { $_->{role} eq 'staff' || $_->{role} eq 'anyone' } $contract->routes;

my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my ($rack) = map { $_->{rack_id} } grep { my $row = $_; grep { $_->{rack_id} eq $row->{rack_id} && $_->{warehouse} eq $warehouse } $stack->demo('racks') } $stack->demo('expected');
my ($item, $item2) = grep { !$serial{$_} } map { $_->{item_code} } grep { $_->{rack_id} eq $rack } $stack->demo('expected');
my ($tracked) = grep { $serial{$_} } sort keys %serial;

# ---- the books, in all their places
my $decimal = qq({"\$numberDecimal": "$BOOK"});
for (['rack_items', 'book_qty', $decimal], ['item_stock', 'book_qty', $decimal], ['erp_items', 'stock_qty', $decimal], ['erp_items', 'stocks', qq([{"warehouse": "$warehouse", "qty": $decimal}])]) {
    my ($collection, $field, $value) = @$_;
    $mongo->run(qq({"update": "$collection", "updates": [{"q": {}, "u": {"\$set": {"$field": $value}}, "multi": true}]}));
}
my $count = $sue->post('/api/sessions', { warehouse => $warehouse, racks => [$rack, $stack->rack], blind => \1, name => 'Blind' })->data->{session_id};
wait_until { $sue->get("/api/sessions/$count")->data->{book_state} eq 'frozen' } 30, 'the book';

my $n = 0;
sub record {
    my ($session, %member) = @_;
    my @now = gmtime;
    my $at = sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', $now[5] + 1900, $now[4] + 1, @now[3, 2, 1, 0];
    return { client_record_id => 'walk-' . ++$n, session_id => $session, item_code => $item, verified_qty => 5, status => 'finalized', created_at => $at, updated_at => $at, %member };
}

# ---- another counts it first, then it is recounted
my $bens = $ben->post("/api/racks/$rack/claim", { count_id => $count })->data->{session_id};
my $sent = $ben->post('/api/sync/batch', { records => [record($bens, client_record_id => 'of-ben', verified_qty => $OTHERS, damage_qty => 1.828455),
    record($bens, client_record_id => 'of-ben-2', item_code => $item2, verified_qty => $OTHERS), record($bens, client_record_id => 'of-ben-3', item_code => 'NOBODY-KNOWS', verified_qty => $OTHERS),
    record($bens, client_record_id => 'of-ben-4', item_code => $tracked, verified_qty => 1, serial_numbers => ['SERIAL-OF-BEN'])] });
is scalar @{ $sent->data->{ok} }, 4, 'another counts' or diag $sent->text;
is $ben->post("/api/sessions/$bens/complete")->status, 200, 'and is done';
wait_until { my $line = plain($mongo->find_one('session_book', { session_id => $count, item_code => $item })); $line && $line->{counted} } 30, 'its totals';
wait_until { plain($mongo->find_one('erp_items', { item_code => $item }))->{verified} } 30, 'on the item, too';
like $sue->get("/api/erp/items/$item")->body, $MARKS, 'a supervisor sees it';

my $stream = StockVerify::Events->open($stack, $asha, topics => 'rack:updates:*,session:updates:*,global:notifications,floor');
is $stream->status, 200, 'a counter listens' or diag $stream->head;
my $claim = $asha->post("/api/racks/$rack/claim", { count_id => $count, recount => \1 });
ok $claim->data->{blind}, 'and recounts it, blind' or diag $claim->text;
my $mine = $claim->data->{session_id};
my $job = ($mongo->find_one('jobs', {}) || {})->{job_id} // 'none';

# ---- how each route is asked: a list of [query, body]; of most of those that read the contract tells enough
my %VALUE = (rack_id => $rack, item_code => $item, code => $item, serial => 'SERIAL-OF-BEN', client_photo_id => 'shelf');
my @IDS = (session => [$mine, $bens, $count, 'none'], session_records => [$mine, $bens, $count], session_stats => [$mine, $bens, $count], job => [$job], job_result => [$job], job_link => [$job], job_cancel => [$job], job_retry => [$job]);
my %IDS = @IDS;
my $figure = sub { return { verified_qty => 5, session_id => $mine, @_ } };
my %HOW = (
    rack_claim => [[{}, {}], [{}, { count_id => $count }], [{}, { count_id => $count, recount => \1 }]],
    (map { ($_ => [[{}, { session_id => $mine }], [{}, { session_id => $bens }], [{}, {}]]) } qw(rack_pause rack_resume)),
    rack_empty => [[{}, { session_id => $mine }], [{}, { session_id => $mine, item_codes => [$item2] }]],
    rack_release => [[{}, { session_id => $bens }], [{}, {}]],
    rack_items => [[{}], [{ since => '2020-01-01T00:00:00Z' }]],
    session_heartbeat => [[{}]], session_complete => [[{}, { records => 99 }], [{}, {}]],
    sync_batch => [[{}, { records => [record($mine), record($mine), record($mine, client_record_id => 'of-ben'), record($bens), record($mine, item_code => $tracked, verified_qty => 1, serial_numbers => ['SERIAL-OF-BEN']),
        record($mine, item_code => 'NOBODY-KNOWS'), record($mine, verified_qty => -1), record($mine, damage_qty => 9e8), record($mine, replaces => ['of-ben']), record($mine, item_code => $item2, partial => \1)] }], [{}, {}]],
    sync_heartbeat => [[{}, { session_id => $mine }], [{}, { session_id => $bens }]],
    item_barcode => [map { [$_] } {}, { warehouse => $warehouse }], items_search => [[{ q => $item }], [{ q => 'a' }]], items => [[{}], [{ warehouse => $warehouse, limit => 500 }]],
    item_verify => [[{}, $figure->()], [{}, $figure->(verified_qty => 6, damaged_qty => 1, variance_confirmed => \1)], [{}, $figure->(session_id => $bens)], [{}, $figure->(verified_qty => -1)]],
    count_lines_add => [[{}, { session_id => $mine, lines => [{ line_id => 'l1', item_code => $item, qty => 5 }] }], [{}, { session_id => $bens, lines => [] }]], count_lines => [map { [{ session_id => $_ }] } $mine, $bens],
    unknown_item_report => [[{}, { unknown_item_id => 'walk-find', code => 'NOBODY-KNOWS', session_id => $mine }]],
    photo_put => [[{}, \("\x89PNG\r\n\x1a\n" . pack 'N A4 N N C5 N', 13, 'IHDR', 7, 9, 8, 2, 0, 0, 0, 0)]],
    client_errors => [[{}, { message => 'x' }]], event_ticket => [[{}, { topics => ['floor'] }]],
    conflict_resolve => [[{}, { action => 'keep_server' }], [{}, { action => 'merge', record => { verified_qty => 1 } }], [{}, { action => 'keep_mine' }]],
    auth_pin => [[{}, { current_password => 'wrong', pin => '493817' }]], auth_password => [[{}, { current_password => 'wrong', new_password => 'long enough' }]],
    auth_login => [[{}, { username => $asha->user->{username}, password => $asha->user->{password} }]], auth_refresh => [[{}, { refresh_token => $asha->{refresh_token} }]], auth_logout => [[{}, {}]],
    auth_device => [[{}]], auth_device_delete => [[{}]], job_cancel => [[{}]], job_retry => [[{}]], job_link => [[{}]],
);
# Read last, because they end what the others need; streams are read beside.
my @LAST = qw(session_complete rack_release auth_refresh auth_logout);
my %BESIDE = (events => 1);

my ($answers, %good, %leaks) = (0);
sub note_answer {
    my ($route, $answer) = @_;
    $answers++;
    $good{ $route->{id} }++ if $answer->status < 400;
    $leaks{"$route->{id}: $1"}++ if join("\n", $answer->body, $answer->{response}->headers->to_string) =~ /(.{0,60}$MARKS.{0,20})/s;
    fail "$route->{id} fails" or diag $answer->text if $answer->status >= 500 && $answer->status != 504;
    return;
}

sub ids_of {
    my ($route) = @_;
    return map { $_->{conflict_id} } @{ $asha->get('/api/sync/conflicts')->data->{items} } if $route->{id} eq 'conflict_resolve';
    return @{ $IDS{ $route->{id} } // [$mine] };
}

sub ask {
    my ($route) = @_;
    my $how = $HOW{ $route->{id} } // ($route->{method} eq 'GET' ? [[{}]] : undef);
    ok $how, "$route->{id} ($route->{method} $route->{path}) is known here" or return;
    my @paths = $route->{path} =~ /\{id\}/ ? map { my $id = $_; $route->{path} =~ s/\{id\}/url_escape($id)/er } ids_of($route) : $route->{path};
    for my $path (@paths) {
        my @unknown;
        $path =~ s/\{(\w+)\}/push @unknown, $1 if !defined $VALUE{$1}; url_escape($VALUE{$1} \/\/ '')/ge;
        is_deeply \@unknown, [], "$route->{id}: its path has values here";
        for my $one (@$how) {
            my ($query, $body) = @$one;
            my @body = !defined $body ? () : ref $body eq 'SCALAR' ? (body => $$body, headers => { 'Content-Type' => 'image/png' }) : (json => $body);
            for my $client ($asha, $asha->with(url => $stack->url_flat)) {
                note_answer($route, $client->request($route->{method} => $path, query => $query, @body));
            }
        }
    }
    return;
}

my %last = map { ($_ => 1) } @LAST;
my %by_id = map { ($_->{id} => $_) } @routes;
# What is written first is there to be read; then all is asked once more.
ask($_) for grep { !$last{ $_->{id} } && !$BESIDE{ $_->{id} } && $_->{method} ne 'GET' } @routes;
wait_until { my $line = plain($mongo->find_one('session_book', { session_id => $count, item_code => $item })); $line->{counted}{last_user_id} eq $asha->user_id } 30, 'their own figures to be totals';
ask($_) for grep { !$BESIDE{ $_->{id} } && $_->{method} eq 'GET' } @routes;
for my $id (@LAST) {
    # a rack that is completed is nobody's to release
    note_answer($by_id{rack_claim}, $asha->post("/api/racks/$rack/claim", { count_id => $count, recount => \1 })) if $id eq 'rack_release';
    ask($by_id{$id});
}

cmp_ok $answers, '>', 150, "$answers answers";
is_deeply \%leaks, {}, 'none carries a book quantity, a variance or what another counted';
# A walk of refusals would find nothing.
my %never = map { ($_ => 1) } qw(auth_pin auth_password auth_device auth_device_delete job job_result job_link job_cancel job_retry);
is_deeply [sort grep { !$good{$_} && !$never{$_} && !$BESIDE{$_} } map { $_->{id} } @routes], [], 'each was answered';

my ($events, $heard) = (0, '');
while (IO::Select->new($stream->{out})->can_read(0.5) && $stream->read_more(1)) { $heard = $stream->{bytes} }
cmp_ok length $heard, '>', 0, 'events were heard';
unlike $heard, $MARKS, 'and tell none of it';

done_testing;
