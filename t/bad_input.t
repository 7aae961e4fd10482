#!/usr/bin/perl
# Bodies no decent client sends, to every route that takes one: a plain refusal that names the field, never a 500.
use lib 't/lib';
use Compress::Zlib ();
use Cpanel::JSON::XS ();
use StockVerify::Contract;
use StockVerify::Test;

my $stack = start_stack();
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $nobody = $stack->client;
my $warehouse = ($stack->demo('racks'))[0]{warehouse};
my ($item) = map { $_->{item_code} } $stack->demo('items');
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
my $saved = $boss->post('/api/reports/queries', { name => 'x', query => { collection => 'erp_items' } })->data->{query_id};
my $schedule = $boss->post('/api/reports/schedules', { name => 'x', cron => '@yearly', type => 'variance' })->data->{schedule_id};
my $contract = StockVerify::Contract->new('.');
my @routes = grep { $_->{body} !~ /^(?:none|file)$/ } $contract->routes; # what a picture is: photos.t
my $JSON = Cpanel::JSON::XS->new->utf8->canonical;

sub path_of   { my ($route) = @_; return $route->{path} =~ s/\{rack_id\}/$rack/r =~ s/schedules\/\K\{id\}/$schedule/r =~ s/queries\/\K\{id\}/$saved/r =~ s/\{id\}/$session/r =~ s/\{format\}/csv/r =~ s/\{item_code\}/$item/r }
sub client_of { my ($route) = @_; return { anyone => $nobody, staff => $asha, supervisor => $boss, admin => $admin }->{ $route->{role} } }

sub send_body { my ($route, $body) = @_; return client_of($route)->request($route->{method} => path_of($route), body => $body) }

# Refused with this status and code, in the envelope, with every field named.
sub refused {
    my ($answer, $status, $code, $what, @fields) = @_;
    my $json = $answer->json;
    my $shape = $answer->is_object && !$json->{success} && !defined $json->{data} && length $json->{error}{message}
        && $json->{request_id} eq ($answer->header('X-Request-Id') // '');
    my %named = map { ($_ => 1) } $answer->fields;
    my @missing = grep { !$named{$_} } @fields;
    ok $answer->status == $status && $answer->code eq $code && $shape && !@missing, $what
        or diag "expected $status $code @fields, got " . $answer->text;
    return;
}

my %malformed = (
    'half an object'          => '{"a": ',
    'a text without end'      => '{"a": "b',
    'half an escape'          => '{"a": "\u12',
    'half a surrogate pair'   => '{"a": "\ud83d"}',
    'a list'                  => '[{}]',
    'a list, and a member'    => '[],"force":true',
    'a number'                => '7',
    'null'                    => 'null',
    'blanks'                  => " \n\t ",
    'two objects'             => '{}{}',
    'a comma too many'        => '{"a":1,}',
    'a name without quotes'   => '{a:1}',
    'single quotes'           => "{'a':1}",
    'a comment'               => '{/* a */}',
    'two byte order marks'    => "\xef\xbb\xbf\xef\xbb\xbf{}",
    'UTF-16'                  => "{\0\"\0a\0\"\0:\0001\0}\0",
    'NaN'                     => '{"verified_qty":NaN}',
    'Infinity'                => '{"verified_qty":-Infinity}',
    'hexadecimal'             => '{"verified_qty":0x10}',
    'a leading zero'          => '{"verified_qty":01}',
    'a plus'                  => '{"verified_qty":+1}',
    'a number beyond doubles' => '{"verified_qty":1e400}',
    'an integer beyond all'   => '{"revision":' . '9' x 400 . '}',
    'a deep list'             => '{"a":' . '[' x 32 . ']' x 32 . '}',
    'a very deep object'      => '{"a":' x 20_000 . '1' . '}' x 20_000,
    'brackets without end'    => '[' x 500_000,
    'a NUL as escape'         => '{"a\u0000b":1}',
    'a NUL as byte'           => "{\"a\0b\":1}",
    'a NUL in a value'        => '{"a":"\u0000"}',
    'an overlong slash'       => "{\"a\":\"\xc0\xaf\"}",
    'a surrogate in UTF-8'    => "{\"a\":\"\xed\xa0\x80\"}",
    'a byte beyond UTF-8'     => "{\"a\":\"\xf5\x80\x80\x80\"}",
    'half a character'        => "{\"a\":\"\xf0\x9f\"}",
    'a line break in a text'  => "{\"a\":\"b\nc\"}",
    'a name twice'            => '{"session_id":"a","session_id":"b"}',
    'a name twice by escape'  => '{"all":true,"\u0061ll":false}',
    'a name twice, deep'      => '{"record":{"x":[{"a":1,"a":2}]}}',
);

# null says as much as no body; a bare list is the list that these are about.
sub is_good {
    my ($route, $what) = @_;
    return $what eq 'null' ? $route->{body} eq 'optional' : $what eq 'a list' && $route->{id} =~ /^(?:sync_batch|counts_reconcile|counts_close)$/;
}

subtest 'what is no JSON object' => sub {
    for my $route (@routes) {
        refused(send_body($route, $malformed{$_}), length $malformed{$_} > $route->{limit} ? (413, 'body_too_large') : (400, 'json_invalid'),
            "$route->{id}: $_") for grep { !is_good($route, $_) } sort keys %malformed;
    }
};

subtest 'a byte order mark before it is skipped' => sub {
    for my $body ('{}', '{"records": 7}') {
        my ($plain, $marked) = map { $asha->request(POST => '/api/sync/batch', body => $_) } $body, "\xef\xbb\xbf$body";
        is $plain->status, 422, "$body is read";
        is_deeply [$marked->status, $marked->json->{error}], [$plain->status, $plain->json->{error}], 'and so it is behind a mark';
    }
    is $asha->request(POST => '/api/sync/batch', body => "\xef\xbb\xbf[]")->status, 200, 'a bare list, too';
    my $body = "\xef\xbb\xbf{}";
    refused($asha->request(POST => '/api/sync/batch', body => Compress::Zlib::memGzip($body), headers => { 'Content-Encoding' => 'gzip' }),
        422, 'validation_failed', 'packed, too', 'records');
};

subtest 'sizes and types' => sub {
    my $exact = '{"x":"' . 'y' x (1_048_576 - 8) . '"}';
    for my $route (@routes) {
        my $most = '{"x":"' . 'y' x ($route->{limit} - 6);
        refused(send_body($route, $most), 400, 'json_invalid', "$route->{id}: $route->{limit} bytes are read");
        refused(send_body($route, "$most "), 413, 'body_too_large', "$route->{id}: a byte more is not");
        refused(client_of($route)->request($route->{method} => path_of($route), body => '{}', headers => { 'Content-Type' => $_ }),
            415, 'media_type', "$route->{id}: $_")
            for 'text/json', 'application/x-www-form-urlencoded', 'application/json2', 'multipart/form-data; boundary=x', ' ';
    }
    is length $exact, 1_048_576, 'a mebibyte';
    my $answer = $asha->request(POST => '/api/sync/batch', body => $exact);
    refused($answer, 422, 'validation_failed', 'is read, and its missing member is named', 'records');
    my $names = '{' . join(',', map { qq("k$_":0) } 1 .. 85_000) . '}';
    refused($asha->request(POST => '/api/sync/batch', body => $names), 422, 'validation_failed', 'so are 85,000 names', 'records');
    my $numbers = '{"records":[' . join(',', (0) x 290_000) . ']}';
    refused($asha->request(POST => '/api/sync/batch', body => $numbers), 422, 'batch_too_large', '290,000 records');
    my %heavy = ('more of them, where a larger body is for pictures' => 0, 'objects, which take most memory for their text' => '{}', 'lists' => '[]');
    for my $what (sort keys %heavy) {
        my $many = '{"records":[' . join(',', ($heavy{$what}) x ($heavy{$what} ? 40_000 : 310_000)) . ']}';
        refused($asha->request(POST => '/api/sync/batch', body => $many), 400, 'json_invalid', "not $what");
    }
    my $digits = '{"a":0.' . '1' x 1_000_000 . '}';
    refused($asha->request(POST => '/api/sync/batch', body => $digits), 422, 'validation_failed', 'a million digits', 'records');
};

# A value of every wrong kind for a member.
my $operator = { '$ne' => 1 };
my @no_text = (7, 1.5, \1, [], ['x'], $operator, { '$where' => 'sleep(1000)' });
my @no_word = (@no_text, '', 'x' x 4096, "a\x{1}b", "a\nb", "a\x{85}b", "\x{200b}\x{a0}");
my @no_secret = (@no_text, '', 'x' x 4096, "a\x{1}b", "a\nb");
my @no_bool = (0, 1, 'true', '', [], $operator);
my @no_qty = ('1', -1, 1e30, \1, [], $operator);
my @no_list = (0, 1.5, \1, 'a', $operator);
my %schedule = (name => [@no_text, '', "a\nb", 'x' x 4096], cron => [@no_text, '', 'soon', '61 * * * *', '0 0 30 2 *', '* * * * * *'],
    time_zone => [@no_word, 'Mars/Olympus', '../../etc/passwd'], enabled => \@no_bool, recipients => [@no_list, [1], ['nobody'], [$operator]],
    keep => [0, '1', $operator], query => [{}], tags => [['x']]);
my %report = (type => [@no_text, '', 'STOCK_SUMMARY', 'gossip'], filters => [0, 1.5, \1, 'a', []], bom => \@no_bool, raw => \@no_bool,
    delimiter => [@no_text, '', ',', 'dot']);
my @no_format = (@no_text, '', 'CSV', 'docx', '../csv');
my %WRONG = (
    report_preview => { collection => [@no_word, 'users', '$cmd', 'erp_items.x'], filters => [@no_list, [1], [{}], [$operator]],
        group_by => [@no_list, [1], [$operator]], aggregations => [@no_list, [1], [{}], [$operator]], sort => [@no_list, [1], [$operator]],
        fields => [@no_list, [1], ['$where'], [$operator]], limit => [0, -1, 1.5, '1', \1, $operator] },
    snapshot_create => { name => [@no_text, '', "a\nb", 'x' x 4096], tags => [@no_list, [1], [''], [$operator]], description => [@no_text, 'x' x 9000],
        query => [0, 1.5, \1, 'a', [], undef], query_id => [@no_word] },
    (map { ($_ => { name => [@no_text, '', "a\nb", 'x' x 4096], description => [@no_text, 'x' x 9000], query => [0, 1.5, \1, 'a', [], undef] }) } qw(report_query_create report_query_change)),
    compare_create => { baseline_id => \@no_word, comparison_id => \@no_word, key_fields => [@no_list, [1], [$operator]],
        compare_fields => [@no_list, [1], [$operator]], name => [@no_text, '', "a\nb"] },
    report_generate => { %report, format => \@no_format },
    report_export => { %report },
    (map { ($_ => { %report, %schedule, format => \@no_format }) } qw(schedule_create schedule_change)),
    auth_login => { username => \@no_secret, password => \@no_secret, device_id => \@no_word },
    auth_refresh => { refresh_token => \@no_secret },
    auth_logout => { all => \@no_bool },
    auth_pin => { current_password => \@no_secret, pin => [@no_text, '', '12345', '12345a', '1' x 100, "12345\n6"] },
    auth_password => { current_password => \@no_secret, new_password => [@no_secret, '1234567'] },
    admin_rack_add => { rack_id => \@no_word, warehouse => \@no_word, floor => \@no_word, zone => [@no_text, "a\nb", 'x' x 4096], estimated_items => [-1, 1.5, '1', \1, [], $operator] },
    admin_rack_change => { warehouse => \@no_word, floor => \@no_word, zone => [@no_text, "a\nb", 'x' x 4096], estimated_items => [-1, 1.5, '1', \1, [], $operator] },
    admin_rack_import => { csv => [@no_text, '', 'x', "rack_id,colour\nR1,red\n"], warehouse => \@no_word, dry_run => \@no_bool },
    client_errors => { message => [@no_text, '', 'x' x 4096], code => \@no_word, stack => [@no_text, 'x' x 9000], (map { ($_ => [@no_text, 'x' x 4096]) } qw(page version device)) },
    user_create => { username => \@no_word, user_id => \@no_word, full_name => [@no_text, '', "a\nb", 'x' x 4096], warehouse => [@no_text, "a\nb", 'x' x 4096],
        role => [@no_text, '', 'king', 'ADMIN'], password => [@no_secret, '1234567'] },
    user_change => { full_name => [@no_text, '', "a\nb", 'x' x 4096], warehouse => [@no_text, "a\nb", 'x' x 4096], role => [@no_text, '', 'king'], enabled => \@no_bool },
    user_reset_password => { password => [@no_secret, '1234567'] },
    sync_batch => { batch_id => \@no_word, records => \@no_list },
    sync_rescue => { format => [@no_text, '', 'STOCKVERIFY-UNSENT'], version => [0, 2, 1.5, '1', \1, []], exported_at => [@no_text, 'yesterday'], app => [@no_text, "a\nb", 'x' x 4096], device_id => \@no_word,
        user => [0, 'a', []], records => [@no_list, undef], unknown_items => \@no_list, count_lines => \@no_list },
    conflict_resolve => { action => [@no_text, '', 'KEEP_MINE', "keep_mine\n"], record => [0, 'a', \1, []] },
    unknown_item_report => { unknown_item_id => [@no_word, 'code:x'], code => \@no_word, name => [@no_text, '', "a\nb", 'x' x 4096], remark => [@no_text, 'x' x 4096, "a\x{1}b"],
        photos => [@no_list, [1], [''], [$operator]], session_id => \@no_word, rack_id => \@no_word, warehouse => \@no_word,
        found_at => [@no_text, '', 'yesterday'], photo_base64 => [7, 'x', [1]] },
    unknown_item_resolve => { action => [@no_text, '', 'LINK', "link\n"], item_code => \@no_word, item_name => [@no_text, '', "a\nb", 'x' x 4096],
        note => [@no_text, 'x' x 4096] },
    rack_claim => { floor => \@no_word, count_id => \@no_word, recount => \@no_bool },
    erp_sync_start => { full => \@no_bool },
    (map { ($_ => { session_id => \@no_word }) } qw(rack_pause rack_resume)), rack_release => { session_id => \@no_word, reason => [5, '', 'x' x 501, [], $operator] },
    rack_empty => { session_id => \@no_word, item_codes => [@no_list, [1], [''], [$operator]] },
    item_correct => { item_code => \@no_word, changes => [0, 1.5, \1, 'a', [], {}, undef] },
    count_lines_add => { session_id => \@no_word, lines => [@no_list, undef] },
    item_verify => { session_id => \@no_word, item_code => [@no_word, 'another'], client_record_id => [@no_text, 'x' x 4096, "a\x{1}b"],
        verified_qty => [@no_qty, undef], (map { ($_ => \@no_qty) } qw(damage_qty damaged_qty non_returnable_damaged_qty mrp)),
        partial => [@no_bool, \1], variance_confirmed => [grep { $_ ne '' } @no_bool], (map { ($_ => [@no_text, 'gossip', 'x' x 4096]) } qw(damage_reason variance_reason correction_reason)),
        status => [@no_text, 'done'], condition => [@no_text, 'new'], lot => [@no_text, 'x' x 4096], serial_numbers => [@no_list, [1], [$operator]],
        photo_proofs => [@no_list, [1]], replaces => [@no_list, [1]], revision => [-1, 1.5, '1', \1, [], $operator] },
    count_open => { warehouse => \@no_word, floor => \@no_word, name => [@no_text, 'x' x 4096, "a\x{1}b"],
        blind => \@no_bool, strict => \@no_bool, racks => [@no_list, [], [1], [''], [$operator]],
        tolerance => [0, 1.5, \1, 'a', [], {}] },
    counts_reconcile => { session_ids => [@no_list, [], [1], [$operator]] },
    counts_close => { session_ids => [@no_list, [], [1], [$operator]], force => \@no_bool, reason => [5, '', 'x' x 501, [], $operator] },
    (map { ($_ => { note => [@no_text, '', 'x' x 4096, "a\x{1}b", undef] }) } qw(count_approve adjustment_reverse)),
    adjustment_post => { method => [@no_text, '', 'FILE', 'fax'] },
    review_accept => { lines => [@no_list, [], [1], [{}], [$operator]], note => [@no_text, 'x' x 4096] },
    review_exclude => { racks => [@no_list, [], [1], [''], [$operator]], reason => [@no_text, '', 'x' x 4096], undo => \@no_bool },
    recounts_ask => { racks => [@no_list, [1], [''], [$operator]], item_codes => [@no_list, [1], [''], [$operator]], different_user => \@no_bool, withdraw => \@no_bool },
    assignments => { assignments => [@no_list, [1], [{}], [$operator]] },
    session_heartbeat => { rack_id => \@no_word },
    session_complete => { records => [-1, 1.5, '1', \1, [], $operator] },
    sync_heartbeat => { session_id => \@no_word, rack_id => \@no_word },
    event_ticket => { topics => [@no_list, [], [1], [''], ['floors'], ['floor,'], [$operator], [('floor') x 17]] },
);
my %GOOD = (
    auth_login => { username => 'nobody', password => 'nothing at all' }, auth_pin => { current_password => 'x', pin => '493817' },
    admin_rack_add => { rack_id => 'X', warehouse => 'W1', floor => 'F1' }, admin_rack_import => { csv => "rack_id,floor,warehouse\n" }, client_errors => { message => 'x' },
    user_create => { username => 'x', full_name => 'X', role => 'staff', password => 'long enough' },
    auth_password => { current_password => 'x', new_password => 'long enough' }, sync_batch => { records => [] }, sync_rescue => { format => 'stockverify-unsent', version => 1, user => { user_id => 'x' }, records => [] },
    unknown_item_report => { unknown_item_id => 'x', code => 'x' }, unknown_item_resolve => { action => 'reject' },
    item_correct => { item_code => $item, changes => { mrp => 1 } }, count_lines_add => { session_id => $session, lines => [] },
    item_verify => { verified_qty => 1 }, conflict_resolve => { action => 'keep_server' }, count_open => { warehouse => $warehouse },
    (map { ($_ => { name => 'x', query => { collection => 'erp_items' } }) } qw(report_query_create report_query_change)),
    report_preview => { collection => 'erp_items' }, snapshot_create => { name => 'x', query => { collection => 'erp_items' } },
    compare_create => { baseline_id => 'x', comparison_id => 'y' }, (map { ($_ => { type => 'variance' }) } qw(report_generate report_export)),
    (map { ($_ => { name => 'x', cron => '@daily', type => 'variance' }) } qw(schedule_create schedule_change)),
    event_ticket => { topics => ['floor'] },
    counts_reconcile => { session_ids => ['x'] }, counts_close => { session_ids => ['x'] }, (map { ($_ => { note => 'x' }) } qw(count_approve adjustment_reverse)), sync_heartbeat => { session_id => $session }, rack_empty => { session_id => $session },
    review_accept => { lines => [{ item_code => 'x', version => 1 }] }, review_exclude => { racks => ['x'], reason => 'x' }, recounts_ask => { racks => ['x'] },
    assignments => { assignments => [] },
);

subtest 'wrong members' => sub {
    is_deeply [sort keys %WRONG], [sort map { $_->{id} } @routes], 'every route that takes a body is tried';
    for my $route (@routes) {
        my $wrong = $WRONG{ $route->{id} };
        for my $name (sort keys %$wrong) {
            for my $value (@{ $wrong->{$name} }) {
                my $answer = send_body($route, $JSON->encode({ %{ $GOOD{ $route->{id} } || {} }, $name => $value }));
                my $said = substr $JSON->allow_nonref->encode($value), 0, 30;
                my ($field) = grep { /^\Q$name\E(?:\[0\](?:\.\w+)?)?$/ } $answer->fields;
                refused($answer, 422, 'validation_failed', "$route->{id}: $name $said", $field // $name);
            }
        }
    }
};

sub record {
    my (%member) = @_;
    return { client_record_id => 'r', session_id => $session, item_code => $item, verified_qty => 1, status => 'finalized',
             created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %member };
}

# The values of a record's members are raw JSON here: numbers must reach the server as they are written.
sub faults {
    my (@records) = @_;
    my $body = '{"records":[' . join(',', @records) . ']}';
    my $answer = $asha->request(POST => '/api/sync/batch', body => $body);
    return $answer->status == 200 ? @{ $answer->data->{errors} } : $answer->text;
}

sub raw_record {
    my ($name, $value, $number) = @_;
    my $record = record(client_record_id => "bad-$name-$number");
    delete $record->{$name};
    my $text = $JSON->encode($record);
    return $text =~ s/\}$/,"$name":$value}/r;
}

my @broken_text = ('"a\ud83d"', '"\ude00b"', '"\ud83d\ud83d\ude00"', '"a\u0000b"', "\"a\x01b\""); # half of an emoji, a NUL, a control character
my @not_text = ('7', '1.5', 'true', '[]', '{}', '{"$gt":""}');
my %wrong_kind = (
    (map { ($_ => [@not_text, '""', '" \u200b"', '"a\nb"', '"a\r\nSET x y\r\n"', '"' . 'x' x 400 . '"', @broken_text]) } qw(CODE ID)),
    TEXT       => [@not_text, '"a\tb"', '"' . 'x' x 200 . '"', @broken_text],
    NOTE       => [@not_text, '"a\u0007b"', '"' . 'x' x 2001 . '"', @broken_text],
    QUANTITY   => ['"1"', 'true', '[]', '{"$numberDecimal":"1"}', '-1', '-0.000001', '0.0000001', '1.1234567', '1e-7', '1000000000',
        '999999999.9999999', '1e15', '9223372036854775807', '9223372036854775808', '-9223372036854775808', '1e308', '123456789.12345678'],
    STATUS     => [@not_text, '""', '"Finalized"', '"deleted"'],
    BOOL       => ['0', '1', '"true"', '[]', '{}'],
    REVISION   => ['"1"', '1.5', '1e300', '-1', 'true', '[]', '9223372036854775808'],
    TIME       => [@not_text, '""', '"now"', '"2026-13-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-01-05"', '"2026-01-05T25:00:00Z"',
        '"2026-01-05T08:00:00"', '"0000-00-00T00:00:00Z"', '"99999-01-01T00:00:00Z"', '"2026-01-05T08:00:00Z; x"'],
    DATE       => [@not_text, '""', '"2026-02-30"', '"05.01.2026"', '"2026-01-05T08:00:00Z"', '"-2026-01-05"'],
    CONDITION  => [@not_text, '""', '"goods"', '"broken"', '"good\u0000"'],
    LIST       => ['["\ud83d"]', '0', '"a"', '{}', '[1]', '[null]', '[[]]', '[""]', '["a\nb"]', '["' . 'x' x 600 . '"]',
        '[' . join(',', map { qq("n$_") } 1 .. 10_000) . ']'],
);

subtest 'records' => sub {
    for my $member ($contract->rows('core/sync/record.def', qr/SV_RECORD_MEMBER/)) {
        my ($name, $kind, $presence) = @$member;
        # "" says nothing, as null does.
        my @values = grep { $_ ne '""' || $presence eq 'REQUIRED' } @{ $wrong_kind{$kind} };
        push @values, 'null' if $presence eq 'REQUIRED';
        my @faults = faults(map { raw_record($name, $values[$_], $_) } 0 .. $#values);
        is scalar @faults, scalar @values, "$name: each of " . @values . ' wrong values is an error of its own';
        for my $number (0 .. $#values) {
            my ($fault) = grep { ref && $_->{index} == $number } @faults;
            like $fault && $fault->{field}, qr/^\Q$name\E(?:\[\d+\])?$/, "$name " . substr($values[$number], 0, 40) . ' is named'
                or diag explain $fault // $faults[0];
        }
    }
    my @stored = $stack->mongo->find('verification_records', { session_id => $session });
    is scalar @stored, 0, 'nothing of it is stored';
};

subtest 'records as a batch' => sub {
    my @none = (7, 'x', [], undef, \1);
    my $mixed = $asha->post('/api/sync/batch', { records => [(map { ($_, undef) } @none), record(client_record_id => 'beside', status => 'void')] })->data;
    is_deeply [map { [@$_{qw(client_record_id index field code)}] } @{ $mixed->{errors} }], [map { [undef, $_, '', 'wrong_type'] } 0 .. 9],
        'what is no record is an error of its own';
    is $mixed->{total_records}, 11, 'it has its verdict';
    refused($asha->post('/api/sync/batch', { records => [map { record(client_record_id => "n$_") } 1 .. 101] }), 422,
        'batch_too_large', 'one record too many');
    my @many = map { my $n = $_; record(client_record_id => "s$n", status => 'void', serial_numbers => [map { "$n-$_" } 1 .. 1000]) } 1 .. 6;
    refused($asha->post('/api/sync/batch', { records => \@many }), 422, 'batch_too_large', 'more serial numbers than a transaction has time for');
    is_deeply $asha->post('/api/sync/batch', { records => [@many[0 .. 4]] })->data->{ok}, [map { "s$_" } 1 .. 5], 'in parts they are taken';
    my @same = map { record(client_record_id => 'same', verified_qty => $_) } 1 .. 3;
    my $data = $asha->post('/api/sync/batch', { records => \@same })->data;
    my $verdicts = @{ $data->{ok} } + @{ $data->{conflicts} } + @{ $data->{errors} };
    is $verdicts, 3, 'one id three times: three verdicts';
    is_deeply $data->{ok}, ['same'], 'one of them is ok';
    my $twice = $asha->post('/api/sync/batch', { records => [record(client_record_id => 'twice', item_code => 'no such item',
        serial_numbers => ['a', 'b', 'a'])] })->data->{errors}[0];
    is "$twice->{field} $twice->{code}", 'serial_numbers[2] duplicate_in_record', 'a serial number twice';
    my $largest = raw_record(verified_qty => '999999999.999999', 'largest') =~ s/"item_code":"[^"]*"/"item_code":"no such item"/r;
    is_deeply [faults($largest)], [], 'the largest quantity is one';
};

# Names that mean something to MongoDB, Lua, Redis, a spreadsheet or a shell are data.
my @names = ('$where', '{"$gt":""}', "'; return true; var x='", '";}); db.users.drop(); //', '*', '.*', '../../etc/passwd', '%s%n%x',
    "redis.call('FLUSHALL')", ']] os.exit() --[[', '=cmd|calc!A0', '+1+1', '@SUM(A1)', '-2+3', '<script>alert(1)</script>', "\x{202e}desrever",
    "\x{1f4e6}", '${jndi:ldap://x}', '`id`', 'a:b:c', '{hash}', '%0d%0aSET%20x%20y', 'rack:lock:x', 'null', '0', '-1', "\x{e9}" x 128);

subtest 'names are data' => sub {
    my @text = map { record(client_record_id => $_, remark => $_, lot => substr($_, 0, 64), status => 'void') } @names;
    my $data = $asha->post('/api/sync/batch', { records => \@text })->data;
    is_deeply $data->{ok}, \@names, 'stored under any name' or diag explain $data->{errors};
    my $free = $stack->rack;
    my %remark = map { ($_->{client_record_id} => $_->{remark}) } $stack->mongo->find('verification_records', { session_id => $session });
    # What nobody sees is no part of an id.
    my %id = map { ($_ => $_ =~ s/\x{202e}//r) } @names;
    is_deeply [grep { ($remark{ $id{$_} } // '') ne $_ } @names], [], 'as it was sent, to the letter';
    my $page = $asha->get("/api/sessions/$session/records", query => { limit => 500 })->data->{items};
    my %shown = map { ($_->{client_record_id} => $_->{remark}) } @$page;
    is_deeply [grep { ($shown{ $id{$_} } // '') ne $_ } @names], [], 'and told so again';
    for my $name (@names) {
        my @answers = (
            $asha->post('/api/sync/batch', { records => [record(client_record_id => 'i', item_code => $name, verified_qty => -1)] }),
            $asha->post('/api/sync/batch', { records => [record(client_record_id => 'j', session_id => $name)] }));
        is_deeply [map { $_->data->{errors}[0]{code} } @answers], ['negative', 'session_unknown'], "no item and no session $name"
            or diag map { $_->text } @answers;
        refused($nobody->post('/api/auth/login', { username => substr($name, 0, 100) . rand, password => $name }), 401, 'credentials_invalid',
            "nobody is called $name");
        refused($asha->post("/api/racks/$free/claim", { count_id => $name }), 404, 'not_found', "no count $name");
        refused($boss->post('/api/sessions', { warehouse => $name }), 422, 'validation_failed', "no warehouse $name", 'warehouse');
        refused($asha->post('/api/sync/heartbeat', { session_id => $name }), 404, 'not_found', "no session $name");
    }
    is $stack->redis->command('EXISTS', 'x'), 0, 'no command was smuggled to Redis';
    is $stack->redis->command('EXISTS', "rack:lock:$rack"), 1, 'and none that empties it';
};

is $asha->get('/api/auth/me')->status, 200, 'everything still works';
# nginx itself tells of a body that it keeps in a file or refuses to read.
is_deeply [grep { /\[(?:warn|error)\]/ && !/buffered to a temporary file|intended to send too large/ } $stack->log_lines('error')], [], 'no client made an operator look into the log';

# openapi.yaml says `null` where it is taken for "not given".
subtest 'null for what is not given' => sub {
    my %request = map { ($_->{id} => $_->{request}) } $contract->operations;
    # auth_logout would do what it is for.
    for my $route (grep { $_->{id} ne 'auth_logout' } @routes) {
        my %properties = map { %{ $_->{properties} || {} } } $contract->faces($request{ $route->{id} });
        for my $name (sort keys %properties) {
            my $takes_null = grep { my $type = $_->{type} // ''; grep { $_ eq 'null' } ref $type ? @$type : $type } $contract->faces($properties{$name});
            next if !$takes_null || exists(($GOOD{ $route->{id} } || {})->{$name});
            my $answer = send_body($route, $JSON->encode({ %{ $GOOD{ $route->{id} } || {} }, $name => undef }));
            my @named = grep { /^\Q$name\E\b/ } $answer->fields;
            ok $answer->status < 500 && !@named, "$route->{id}: $name" or diag $answer->text;
        }
    }
};

done_testing;
