#!/usr/bin/perl
# Requests that are wrong on the wire: lengths, chunks, escapes, headers, cursors, connections that break off.
use lib 't/lib';
use Cpanel::JSON::XS ();
use Mojo::Util 'url_escape';
use MIME::Base64 qw(encode_base64url decode_base64url);
use Encode ();
use IO::Compress::Gzip ();
use StockVerify::Contract;
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(server => "client_body_timeout 1s;\nclient_header_timeout 2s;\nstockverify_cors_origin *;");
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $nobody = $stack->client;
my $contract = StockVerify::Contract->new('.');
my @routes = $contract->routes;
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
my $count = $boss->post('/api/sessions', { warehouse => $asha->user->{warehouse}, racks => [$stack->rack] })->data->{session_id};
# Under the session's id, which stands for any.
$stack->mongo->run(insert => 'adjustments', documents => [{ adjustment_id => $session, kind => 'approve', status => 'approved', warehouse => 'x' }]);
my $saved = $boss->post('/api/reports/queries', { name => 'x', query => { collection => 'erp_items' } })->data->{query_id};
my $schedule = $boss->post('/api/reports/schedules', { name => 'x', cron => '@yearly', type => 'variance' })->data->{schedule_id};
my $snapshot = $boss->post('/api/reports/snapshots', { name => 'x', query => { collection => 'rack_registry' } }, headers => { Prefer => 'wait=30' })
    ->data->{snapshot_id};
my $bearer = 'Authorization: Bearer ' . $asha->token;

sub path_of {
    my ($route) = @_;
    my $one = $route->{id} =~ /^(?:review|count_racks|recounts|assignments)/ ? $count : $session;
    return $route->{path} =~ s/\{rack_id\}/$rack/r =~ s/schedules\/\K\{id\}/$schedule/r =~ s/queries\/\K\{id\}/$saved/r =~ s/snapshots\/\K\{id\}/$snapshot/r =~ s/\{id\}/$one/r;
}

sub raw     { return StockVerify::Raw->new($stack)->send(join '', @_)->read(20) }

# A request's text: its first line, its header lines, its body.
sub text { my ($first, $headers, $body) = @_; return join("\r\n", "$first HTTP/1.1", 'Host: test', @$headers, '', '') . ($body // '') }

# How often a connection was answered and with which statuses.
sub statuses { my ($text) = @_; return join ' ', $text =~ m{HTTP/1\.1 (\d+) }g }

sub refused {
    my ($answer, $status, $code, $what, @fields) = @_;
    my %named = map { ($_ => 1) } $answer->fields;
    ok $answer->status == $status && $answer->code eq $code && $answer->is_object && !(grep { !$named{$_} } @fields), $what
        or diag "expected $status $code @fields, got " . $answer->text;
    return;
}

# A refusal seen on the wire: one answer, in the envelope.
sub refused_raw {
    my ($text, $status, $code, $what) = @_;
    my ($body) = $text =~ /\r\n\r\n(.*)/s;
    my $json = eval { Cpanel::JSON::XS->new->utf8->decode($body // '') };
    ok statuses($text) eq $status && ref $json eq 'HASH' && !$json->{success} && $json->{error}{code} eq $code, $what
        or diag "expected $status $code, got $text";
    return;
}

my @json = ('Content-Type: application/json', $bearer);
my $batch = '{"records":[]}';
my $length = 'Content-Length: ' . length $batch;

subtest 'one body, one length' => sub {
    is statuses(raw(text('POST /api/sync/batch', [@json, $length, 'Connection: close'], $batch))), '200', 'as it should be';
    my $inner = text('GET /api/health', ['Connection: close']);
    my %smuggled = (
        'two lengths'            => [$length, 'Content-Length: 0'],
        'two equal lengths'      => [$length, $length],
        'a length and chunks'    => [$length, 'Transfer-Encoding: chunked'],
        'chunks and a length'    => ['Transfer-Encoding: chunked', 'Content-Length: 3'],
        'a negative length'      => ['Content-Length: -1'],
        'a length with a sign'   => ['Content-Length: +14'],
        'a length with words'    => ['Content-Length: 14, 14'],
        'a hexadecimal length'   => ['Content-Length: 0xe'],
        'a length beyond all'    => ['Content-Length: 99999999999999999999'],
        'chunks twice'           => ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
        'chunks by another name' => ['Transfer-Encoding: xchunked'],
        'chunks and more'        => ['Transfer-Encoding: gzip, chunked'],
        'a name with a blank'    => ['Content-Length : 14'],
    );
    for my $what (sort keys %smuggled) {
        my $text = raw(text('POST /api/sync/batch', [@json, @{ $smuggled{$what} }], $batch . $inner));
        like statuses($text), qr/^(?:400|411|413|501)$/, "$what: refused, and nothing behind it is answered" or diag $text;
    }
    for my $host ([], ['Host: test', 'Host: other']) {
        my $text = raw(join("\r\n", 'GET /api/health HTTP/1.1', @$host, '', ''));
        is statuses($text), '400', @$host . ' hosts';
    }
    like raw("GET /api/health\r\n\r\n"), qr/"status":"healthy"|^HTTP/, 'a request as of 1991';
};

sub packed { my ($text) = @_; IO::Compress::Gzip::gzip(\$text, \my $packed) or die 'gzip'; return $packed }

subtest 'packed bodies' => sub {
    my $send = sub {
        my ($path, $encoding, $body) = @_;
        return raw(text("POST $path", [@json, "Content-Encoding: $encoding", 'Content-Length: ' . length $body, 'Connection: close'], $body));
    };
    my $heartbeat = "/api/sessions/$session/heartbeat";
    for my $encoding (qw(gzip GZIP x-gzip)) {
        is statuses($send->('/api/sync/batch', $encoding, packed($batch))), '200', "$encoding: read";
    }
    is statuses($send->('/api/sync/batch', 'identity', $batch)), '200', 'identity is none';
    is statuses($send->('/api/sync/batch', 'gzip', packed('{"records"') . packed(':[]}'))), '200', 'in two members';
    is statuses($send->($heartbeat, 'gzip', packed('{}'))), '200', 'where a body may be absent';
    is statuses($send->($heartbeat, 'gzip', packed(''))), '200', 'and where it is, packed';
    my $chunk = packed($batch);
    is statuses(raw(text('POST /api/sync/batch', [@json, 'Content-Encoding: gzip', 'Transfer-Encoding: chunked', 'Connection: close'],
        sprintf("%x\r\n%s\r\n0\r\n\r\n", length $chunk, $chunk)))), '200', 'in chunks';
    for my $encoding ('br', 'deflate', 'gzip, gzip', 'gzi', 'zstd') {
        my $text = $send->('/api/sync/batch', $encoding, packed($batch));
        refused_raw($text, 415, 'media_type', "$encoding is another packing");
        like $text, qr/^Accept-Encoding: gzip\r$/m, "$encoding: and what is taken is said";
    }
    my %broken = (
        'cut off' => substr(packed($batch), 0, -5), 'not packed at all' => $batch, 'a wrong checksum' => substr(packed($batch), 0, -8) . "\0" x 8,
        'something behind it' => packed($batch) . 'x', 'nothing in it' => packed(''),
    );
    refused_raw($send->('/api/sync/batch', 'gzip', $broken{$_}), 400, 'json_invalid', $_) for sort keys %broken;
    # Two hundred times as large once unpacked, and fit to be sent.
    refused_raw($send->('/api/sync/batch', 'gzip', packed(' ' x 200_000_000)), 413, 'body_too_large', 'a bomb');
    refused_raw($send->('/api/sync/batch', 'gzip', packed('{"records":[]' . ' ' x 12_582_912 . '}')), 413, 'body_too_large', 'a byte too much');
    refused_raw($send->($heartbeat, 'gzip', packed('{' . ' ' x 16_384 . '}')), 413, 'body_too_large', 'where less may be sent, less is unpacked');
};

subtest 'what nginx refuses before it looks for a location' => sub {
    my $long = '/api/racks/' . 'x' x 40_000 . '/status';
    refused_raw(raw(text("GET $long", [])), 414, 'uri_too_long', 'an address that is too long');
    refused_raw(raw(text('GET /api/auth/me', ['X-Long: ' . 'x' x 40_000])), 431, 'bad_request', 'a header that is too long');
    refused_raw(raw(text('GET /api/auth/me', [map { "X-Long-$_: " . 'x' x 4000 } 1 .. 20])), 431, 'bad_request', 'headers that are too many');
    my $trace = raw(text('TRACE /api/auth/me?x=1', [$bearer]));
    refused_raw($trace, 405, 'method_not_allowed', 'TRACE');
    like $trace, qr/^Allow: GET, HEAD, OPTIONS\r$/m, 'and what the path has';
    like $trace, qr/^X-Request-Id: /m, 'with an id';
    like raw(text('TRACE /static', [])), qr{^HTTP/1\.1 405 .*<html>}s, 'not where another location is';
};

subtest 'chunks' => sub {
    my @chunked = (@json, 'Transfer-Encoding: chunked', 'Connection: close');
    my %bad = (
        'a size that is none'      => "x\r\n$batch\r\n0\r\n\r\n",
        'a size beyond all'        => "ffffffffffffffff\r\n$batch\r\n0\r\n\r\n",
        'a chunk without its end'  => "2\r\n${batch}\r\n0\r\n\r\n",
        'a negative size'          => "-2\r\n{}\r\n0\r\n\r\n",
    );
    refused_raw(raw(text('POST /api/sync/batch', [@chunked], $bad{$_})), 400, 'bad_request', $_) for sort keys %bad;
    my $piece = sprintf "%x\r\n%s\r\n", 300_000, 'x' x 300_000;
    refused_raw(raw(text('POST /api/sync/batch', [@chunked], $piece x 45 . "0\r\n\r\n")), 413, 'body_too_large', 'more than twelve mebibytes');
    my $bytes = join '', map { "1\r\n$_\r\n" } split //, $batch;
    is statuses(raw(text('POST /api/sync/batch', [@chunked], "${bytes}0\r\n\r\n"))), '200', 'byte by byte';
    is statuses(raw(text('POST /api/sync/batch', [@chunked], "e;name=\"value\"\r\n$batch\r\n0\r\nX-Trailer: 1\r\n\r\n"))), '200',
        'with an extension and a trailer';
    refused_raw(raw(text('POST /api/sync/batch', [@chunked], "0\r\n\r\n")), 400, 'json_invalid', 'none');
};

subtest 'bodies that do not come' => sub {
    for my $route (grep { $_->{body} ne 'none' } @routes) {
        my $type = 'Content-Type: ' . ($route->{body} eq 'file' ? 'image/png' : 'application/json');
        my $first = "$route->{method} " . path_of($route);
        my %client = (supervisor => $boss, admin => $admin);
        my $who = $client{ $route->{role} } ? 'Authorization: Bearer ' . $client{ $route->{role} }->token : $bearer;
        my @late = ($type, $who, 'Content-Length: 100');
        my $raw = StockVerify::Raw->new($stack)->send(text($first, \@late, '{"a":'));
        is $raw->read(20), '', "$route->{id}: a body that stops is waited for no longer than the limit";
        StockVerify::Raw->new($stack)->send(text($first, \@late, '{"a":'))->abort;
        StockVerify::Raw->new($stack)->send(text($first, [$type, $who, 'Transfer-Encoding: chunked'], "5\r\n{\"a"))->close;
    }
    is $asha->get('/api/auth/me')->status, 200, 'others are served';
    my $refused = raw(text('POST /api/sync/batch', ['Content-Type: application/json', 'Content-Length: 1000000', 'Connection: close'], '{'));
    refused_raw($refused, 401, 'token_missing', 'who may not is told so before the body comes');
    $refused = raw(text('GET /api/auth/me', [$bearer, 'Content-Length: 20', 'Connection: close'], 'x' x 20));
    is statuses($refused), '200', 'a body where none belongs is thrown away';
    for my $path ('/api/auth/me', '/api/sync/conflicts', '/api/nothing') {
        my $late = StockVerify::Raw->new($stack)->send(text("GET $path", [$bearer, 'Content-Length: 300000'], 'x' x 1000));
        $late->send('x' x 299_000)->send(text('GET /api/health', ['Connection: close']));
        like statuses($late->read(20)), qr/^(?:200|404) 200$/, "a long one too, and what follows $path is answered";
    }
};

subtest 'paths' => sub {
    my %path = (
        '/api/racks/../health' => 400, '/api/racks/%2e%2e/health' => 400, '/api/racks/..%2f/status' => 400, '/metrics/../api/health' => 400,
        '/api/racks/%2e/status' => 400, '/api/./health' => 400, '/api/racks/%00/status' => 400, '/api/racks/a%00b/status' => 400,
        '/api/racks/%FF/status' => 400, '/api/racks/%C0%AE%C0%AE/status' => 400, '/api/racks/%ED%A0%80/status' => 400, '/api/racks/%/status' => 400,
        '/api/racks/%4/status' => 400, '/api/racks/%zz/status' => 400, '/api/racks/%2Fx/status' => 404, '/api/racks//status' => 404,
        '//api/health' => 404, '/api/health%2F' => 404, '/api%2Fhealth' => 404, '/api/Health' => 404, '/api/health;x' => 404,
        '/api/racks/%0d%0aX-Injected:%201/status' => 404, '/api/racks/%0AFLUSHALL/status' => 404, '/api/racks/*/status' => 404,
        '/api/racks/%24where/status' => 404, '/api/racks/' . 'x' x 4000 . '/status' => 404, '/api/racks/' . '%20' x 1000 . '/status' => 404,
    );
    for my $path (sort keys %path) {
        my $text = raw(text("GET $path", [$bearer, 'Connection: close']));
        is statuses($text), $path{$path}, substr $path, 0, 60 or diag $text;
        unlike $text, qr/^X-Injected/m, 'without a header of the client\'s making';
        # nginx refuses what it cannot decode before it knows that the path is ours.
        like $text, qr/"request_id":"[0-9a-f]{32}"/, 'in the envelope' if $path !~ m{%(?:00|zz|4/|/)|^/api%2F};
    }
    my $head = join "\r\n", 'GET http://elsewhere.example/api/health HTTP/1.1', 'Host: test', 'Connection: close', '', '';
    is statuses(raw($head)), '200', 'a whole URL is its path';
    is statuses(raw(text('GET /api/health?', ['Connection: close']))), '200', 'an empty query';
    like statuses(raw(text('GET /api/' . 'x' x 40_000, [$bearer]))), qr/^(?:414|400)$/, 'a line longer than any';
    my %TAKES = ((map { ($_ => { note => 'x' }) } qw(count_approve adjustment_reverse)), review_accept => { lines => [{ item_code => 'x', version => 1 }] },
        review_exclude => { racks => ['x'], reason => 'x' }, recounts_ask => { racks => ['x'] }, assignments => { assignments => [] });
    # (Of a scanned code nothing is wrong.)
    for my $route (grep { $_->{path} =~ /\{/ && $_->{id} !~ /^(?:item_barcode|photo_put)$/ } @routes) {
        my $client = { staff => $asha, supervisor => $boss, admin => $admin }->{ $route->{role} };
        for my $id ("' || '1'=='1", '{"$ne":null}', "a\r\nb", "a\tb", ']]--', '..a', 'x' x 1000, "\x{1f4e6}") {
            my $path = $route->{path} =~ s/\{\w+\}/url_escape(Encode::encode_utf8($id))/er;
            my %body = $route->{body} eq 'none' ? () : (json => $route->{id} =~ /^user_/ ? { password => 'long enough' } : $route->{id} =~ /^report_query/ ? { name => 'y', query => { collection => 'erp_items' } } : $TAKES{ $route->{id} } ? $TAKES{ $route->{id} } : { action => $route->{id} eq 'unknown_item_resolve' ? 'reject' : 'keep_server', session_id => 'x', name => 'x', cron => '@daily', type => 'variance' });
            refused($client->request($route->{method} => $path, %body), 404, $route->{id} =~ /^item(?:_verify)?$/ ? 'item_unknown' : 'not_found', "$route->{id} of " . $id =~ s/[\r\n\t]/ /gr =~ s/.{20}\K.*//r);
        }
    }
};

subtest 'methods' => sub {
    my %allowed;
    $allowed{ $_->{path} }{ $_->{method} } = $_ for @routes;
    for my $path (sort keys %allowed) {
        my ($any) = values %{ $allowed{$path} };
        my %here = map { ($_->{method} => 1) } grep { my $shape = $_->{path} =~ s/\{\w+\}/[^\/]+/gr; path_of($any) =~ /^$shape$/ } @routes;
        for my $method (grep { !$here{$_} } qw(GET POST PUT PATCH DELETE)) {
            my $answer = $boss->request($method => path_of($any), body => '{"a":1}');
            refused($answer, 405, 'method_not_allowed', "$method $path");
        }
    }
    for my $method (qw(TRACE CONNECT PROPFIND get X)) {
        my $text = raw(text("$method /api/health", ['Connection: close', 'X-Secret: 1']));
        like statuses($text), qr/^(?:405|400)$/, $method;
        unlike $text, qr/X-Secret/, "$method reflects nothing";
    }
    is statuses(raw(text('GET /api/auth/me', [$bearer, 'X-HTTP-Method-Override: DELETE', 'Connection: close']))), '200',
        'a header changes no method';
};

# Filters and pages.
my %VALUE = (
    (map { ($_ => ['0', '-1', '50001', '1e2', '0x10', ' 1', '99999999999999999999', '', '1;', '١']) } qw(page page_size)),
    limit => ['0', '-1', '501', '1e2', '0x10', ' 1', '99999999999999999999', '', '1;', '١'],
    after => ['', '-1', '1.5', '1e2', '0x10', ' 1', '99999999999999999999', '1;', '١', '$gt'],
    since => ['', 'now', '2026-13-01T00:00:00Z', '1', '05.01.2026', '$gt', '0000-00-00T00:00:00Z'],
    from  => ['', 'yesterday', '2026-02-30T00:00:00Z'],
    to    => ['', 'tomorrow', '{"$gt":1}'],
    state => ['', 'found;', 'FOUND', '$ne'],
    item => ['', 'x' x 400, "a\r\nb", "a\x{1}"],
    item_code => ['', 'x' x 400, "a\r\nb", "a\x{1}"],
    status => ['', 'open;', '$ne', "open\n", '{"$ne":null}'],
    (map { ($_ => ['', 'yes', '2', '$ne']) } qw(deleted verify)), source => ['', 'phone', '$ne'], (map { ($_ => ['', 'x' x 400, "a\r\nb"]) } qw(action request_id code)),
    group_by => ['', 'shelf', '$ne', 'Day'], tolerance => ['', '-1', '101', '1e2', 'x', '0x1'],
    show => ['', 'some', 'ALL', '$ne', "all\n"],
    role => ['', 'king', 'STAFF', '$ne', "staff\n"],
    (map { ($_ => ['', 'x' x 400, "a\r\nb", "a\x{1}", "a\tb", "\x{200b}"]) } qw(warehouse floor zone user session count_id category session_id rack_id)),
    (map { ($_ => ['', 'x' x 400, "a\r\nb", '$ne', 'CSV', 'csv ', '{"$ne":null}']) } qw(type format bom delimiter raw change decimal titles)),
    (map { ($_ => ['', 'x' x 400, "a\r\nb", "a\x{1}", "a\tb"]) } qw(tag metric)),
    q => ['', 'x' x 4_000], sort => ['', 'price', '$ne', "-\n"],
    (map { ($_ => ['', '-1', 'x', '1e30', '0x1', '1;', '{"$gt":0}']) } qw(min_qty min_value)),
    tz => ['', 'x' x 400, "a\r\nb", "a\x{1}", 'Mars/Olympus', '../../etc/passwd', '/etc/localtime', 'Europe/Berlin;', '{"$ne":null}'],
    cursor => ['!', '', 'A', 'x' x 5_000, encode_base64url('{"s":{"$ne":null}}'), encode_base64url("\xff\xff\xff\x7f" . "\0" x 20)],
);

# What a route cannot do without, beside the parameter in question.
my %NEEDS = (serials => { count_id => 'x' }, trend => { tag => 'weekly', metric => 'rows' }, items_search => { q => 'a' }, count_lines => { session_id => $session });

sub with_needs {
    my ($route, $name) = @_;
    my $needs = $NEEDS{ $route->{id} } || {};
    return path_of($route) . '?' . join '', map { "$_=$needs->{$_}&" } grep { $_ ne $name } sort keys %$needs;
}

subtest 'query parameters' => sub {
    # The parameters of a signed link are no filters: what is wrong with them is a wrong signature (t/jobs.t). Those of a
    # stream of events stand in t/events.t.
    for my $route (grep { @{ $_->{query} } && $_->{id} !~ /^(?:job_result|events)$/ } @routes) {
        my $client = { staff => $asha, supervisor => $boss, admin => $admin }->{ $route->{role} };
        for my $name (@{ $route->{query} }) {
            my $asked = with_needs($route, $name);
            for my $value (@{ $VALUE{$name} || die "no values for $name" }) {
                my $answer = $client->request($route->{method} => "$asked$name=" . url_escape(Encode::encode_utf8($value)));
                my $what = "$route->{id} $name=" . substr $value =~ s/[^ -~]/ /gr, 0, 30;
                if ($name eq 'cursor') {
                    ok $answer->status == 400 && $answer->code =~ /^(?:cursor_invalid|parameter_invalid)$/, $what or diag $answer->text;
                } else {
                    refused($answer, 400, 'parameter_invalid', $what, $name);
                }
            }
            refused($client->request($route->{method} => "$asked$name=a&$name=a"), 400, 'parameter_invalid', "$route->{id} $name twice", $name);
            refused($client->request($route->{method} => "$asked${name}[\$ne]=a"), 400, 'parameter_unknown', "$route->{id} ${name} with an operator",
                $name . '[$ne]');
        }
    }
    refused($asha->get('/api/health?' . join '&', map { "p$_=1" } 1 .. 500), 400, 'parameter_unknown', 'five hundred parameters', 'p1');
};

subtest 'cursors' => sub {
    my @lists = (['/api/racks/available', $boss], ['/api/sessions', $boss], ['/api/sessions/user/history', $asha]);
    $boss->post('/api/sessions', { warehouse => ($stack->demo('racks'))[0]{warehouse}, racks => [$stack->rack] }) for 1 .. 2;
    $asha->post('/api/racks/' . $stack->rack . '/claim', {}) for 1 .. 2;
    my %cursor;
    for my $list (@lists) {
        my ($path, $client) = @$list;
        $cursor{$path} = $client->get($path, query => { limit => 1 })->data->{next_cursor};
        ok $cursor{$path}, "$path has a next page" or next;
        my $bytes = decode_base64url($cursor{$path});
        my %statuses;
        for my $at (0 .. length($bytes) - 1) {
            my $tampered = $bytes;
            substr($tampered, $at, 1) ^= chr(1 << $at % 8);
            my $answer = $client->get($path, query => { limit => 1, cursor => encode_base64url($tampered) });
            $statuses{ $answer->status . ' ' . $answer->code }++;
        }
        is_deeply [grep { !/^(?:200 |400 cursor_invalid)$/ } sort keys %statuses], [], 'tampered with, it is another place or refused'
            or diag explain \%statuses;
        refused($client->get($path, query => { cursor => substr $cursor{$path}, 0, $_ }), 400, 'cursor_invalid', "its first $_ characters")
            for 1, 10, length($cursor{$path}) - 4;
        refused($client->get($path, query => { cursor => $cursor{$path} x 40 }), 400, 'cursor_invalid', 'it, many times') ;
    }
    for my $list (@lists) {
        refused($list->[1]->get($list->[0], query => { cursor => $cursor{$_} }), 400, 'cursor_invalid', "that of $_ leads nowhere in $list->[0]")
            for grep { $_ ne $list->[0] } keys %cursor;
    }
};

subtest 'headers' => sub {
    for my $id ("a\tb", 'a;b', "a'b", '../x', '%0d%0aX-Injected: 1', 'x' x 65, "\xff", '', '{"a":1}', '$(id)', "a\x7fb") {
        my $answer = $nobody->get('/api/health', headers => { 'X-Request-Id' => $id });
        like $answer->header('X-Request-Id'), qr/^[0-9a-f]{32}$/, 'X-Request-Id ' . $id =~ s/[^ -~]/?/gr =~ s/.{20}\K.*//r . ' is replaced';
        is $answer->header('X-Injected'), undef, 'and adds no header';
    }
    # What a client can get into a header of the answer at all: an origin.
    my $text = raw(text('GET /api/health', ["Origin: https://a\tb\x01c", 'Connection: close']));
    unlike $text, qr/\x01/, 'a control character in an origin is not said back';
    is statuses(raw(text('GET /api/auth/me', [$bearer, "X-A: a\0b", 'Connection: close']))), '400', 'a NUL in a header';
    is statuses(raw(text('GET /api/auth/me', [$bearer, (map { "X-$_: " . 'y' x 900 } 1 .. 60)]))), '431', 'fifty kilobytes of headers';
    is statuses(raw(text('GET /api/auth/me', [$bearer, (map { "X-$_: y" } 1 .. 500), 'Connection: close']))), '200', 'five hundred headers';
    like statuses(raw(text('GET /api/auth/me', ["Authorization: Bearer nonsense", $bearer, 'Connection: close']))), qr/^40[01]$/, 'two tokens are none';
    is statuses(raw(text('GET /api/auth/me', ["If-None-Match: " . '"x", ' x 1000, $bearer, 'Connection: close']))), '200', 'a thousand tags';
};

subtest 'logs' => sub {
    my $forged = "x\n2026/01/05 08:00:00 [alert] 1#1: forged\r\n127.0.0.1 admin [x] \"GET forged\" 200";
    $nobody->post('/api/auth/login', { username => $forged, password => $forged });
    $nobody->get('/api/health', headers => { 'User-Agent' => 'x" forged', Referer => '" 200 forged' });
    $asha->get('/api/racks/' . url_escape($forged) . '/status');
    $asha->post('/api/racks/' . url_escape($forged) . '/claim', {});
    $asha->post('/api/sessions/' . url_escape($forged) . '/heartbeat');
    $asha->get('/api/sessions?user=' . url_escape($forged));
    my ($text, $status) = $stack->ctl(['users', 'add', "eve\nforged", '--role', 'staff', '--full-name', "Eve\nforged"], "some password\n");
    isnt $status, 0, 'no user has a line break in the name' or diag $text;
    $stack->stop_part('nginx');
    for my $log (qw(access error worker)) {
        my @lines = $stack->log_lines($log);
        is_deeply [grep { /^(?:2026\/01\/05 08:00:00|127\.0\.0\.1 admin|forged)/ } @lines], [], "$log.log holds no line of a client's making";
    }
    is_deeply [grep { /forged/ } $stack->log_lines('access')], [], 'the access log holds nothing a client says';
    # nginx itself calls these errors.
    is_deeply [grep { / \[(?:error|crit|alert|emerg)\] / && !/invalid chunked body|too large (?:chunked )?body/ } $stack->log_lines('error')], [], 'no client made an error of the server\'s';
    $stack->start_part('nginx');
};

done_testing;
