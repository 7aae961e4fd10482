#!/usr/bin/perl
# What a server really answers is what openapi.yaml says, for every operation and every status (contract_files.t: the
# document against the source's tables).
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;
use StockVerify::Contract;
use StockVerify::Events;
use StockVerify::MailServer;
use File::Path 'make_path';
use Mojo::Util 'url_escape';

my $contract = StockVerify::Contract->new('.');
my @operations = $contract->operations;
my @api = grep { !$_->{location} } @operations;

my $mail = StockVerify::MailServer->new->start;
my $stack = start_stack(
    erp => 1,
    settings => { $mail->settings, SYNC_RATE_LIMIT => 30, EVENTS_USER_STREAMS => 1, LOGIN_ATTEMPTS => 2, JOB_RETRY_DELAY => 100, MONGODB_TIMEOUT => 1000, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 3 });
my ($asha, $ben, $carl) = map { $stack->login('staff') } 1 .. 3;
my $supervisor = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $nobody = $stack->client;
my %seen;

# Calls an operation; the answer must have this status (and code), and be what openapi.yaml says.
# Options of the client, and: path => {name => value}, tries => how often it is asked until it does.
sub answers {
    my ($client, $id, $expected, %option) = @_;
    my ($status, $code) = ref $expected ? @$expected : $expected;
    my $operation = $contract->operation($id);
    my $path = path_of($operation, %{ delete $option{path} || {} });
    my $tries = delete $option{tries} // 1;
    my $answer;
    do { $answer = $client->request($operation->{method} => $path, %option) } until $answer->status == $status || !--$tries;
    my @complaints = $contract->complaints($operation, $answer);
    my $got = $answer->status . ($code ? ' ' . $answer->code : '');
    $seen{$id}{ $answer->status }++;
    ok $got eq join(' ', grep { defined } $status, $code) && !@complaints, "$id answers " . join ' ', grep { defined } $status, $code
        or diag join "\n", "$operation->{method} $path: " . $answer->text, @complaints;
    my %codes = map { ($_ => 1) } $contract->codes($operation->{responses}{ $answer->status } || {});
    ok $codes{ $answer->code }, "$id: " . $answer->code . ' is listed' if $answer->code && !$codes{ $answer->code };
    return $answer;
}

# A job that is cancelled while somebody waits for it, its worker being away.
sub cancelled {
    my ($client, $id, %option) = @_;
    my $before = delete $option{before} // sub { };
    my $operation = $contract->operation($id);
    my $path = path_of($operation, %{ $option{path} || {} });
    my @body = $option{json} ? (json => $option{json}) : ();
    $before->();
    my $job = answers($client, $id => 202, %option)->data->{job_id};
    my $held;
    $before->();
    my $waiting = $stack->hold($client, $operation->{method} => $path, @body, headers => { Prefer => 'wait=30' });
    $waiting->then(sub { $held = $_[0] });
    $client->request_p(DELETE => "/api/jobs/$job")->wait;
    $waiting->wait;
    is $held->status, 200, 'a cancelled job ends the wait';
    is_deeply [$contract->complaints($operation, $held)], [], 'as documented';
    $seen{$id}{200}++;
    return $job;
}

sub path_of {
    my ($operation, %values) = @_;
    return $operation->{path} =~ s/\{(\w+)\}/url_escape($values{$1} \/\/ 'no-such-thing', '^A-Za-z0-9\\-._~')/ger;
}

my ($rack, $other_rack) = map { $stack->rack } 1 .. 2;
my ($rack_row) = grep { $_->{rack_id} eq $rack } $stack->demo('racks');
my $warehouse = $rack_row->{warehouse};
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:1|true|yes)$/i } $stack->demo('items');
my ($count, $session, $conflict);

sub record {
    my ($name, %member) = @_;
    return {
        client_record_id => "contract-$name", session_id => $session, item_code => $items[0], verified_qty => 3,
        status => 'finalized', created_at => '2026-01-02T03:04:05Z', updated_at => '2026-01-02T03:04:05Z', %member,
    };
}

subtest 'accounts' => sub {
    my $login = sub { my ($user, %more) = @_; return (json => { username => $user->{username}, %more }) };
    my $user = $asha->user;
    my $answer = answers($nobody, auth_login => 200, $login->($user, password => $user->{password}, device_id => 'phone-1'));
    my $secret = $answer->data->{device_secret};
    my $here = $nobody->with(token => $answer->data->{access_token});
    answers($nobody, auth_refresh => 200, json => { refresh_token => $answer->data->{refresh_token} });
    answers($nobody, auth_refresh => [401, 'token_invalid'], json => { refresh_token => 'A' x 43 });
    my %page = (headers => { 'X-StockVerify-Client' => 'console', Origin => $nobody->{url} });
    my ($cookie) = answers($nobody, auth_login => 200, $login->($user, password => $user->{password}), %page)->header('Set-Cookie') =~ /^([^;]+)/;
    answers($nobody, auth_refresh => 200, headers => { %{ $page{headers} }, Cookie => $cookie });
    answers($nobody, auth_refresh => [403, 'origin_refused'], headers => { %{ $page{headers} }, Origin => 'https://elsewhere.example' });
    answers($nobody, auth_login => [403, 'origin_refused'], $login->($user, password => 'x'), headers => { 'X-StockVerify-Client' => 'console' });
    answers($here, auth_me => 200);
    answers($here, auth_pin => 200, json => { current_password => $user->{password}, pin => '493817' });
    my %wrong_pin = (json => { current_password => 'not this one', pin => '493817' });
    answers($here, auth_pin => [422, 'password_wrong'], %wrong_pin);
    answers($here, auth_pin => [429, 'login_throttled'], %wrong_pin, tries => 5);
    answers($nobody, auth_login => 200, $login->($user, pin => '493817', device_id => 'phone-1', device_secret => $secret));
    answers($nobody, auth_login => [401, 'pin_wrong'],
        $login->($user, pin => '000000', device_id => 'phone-1', device_secret => $secret));
    answers($here, auth_devices => 200);
    answers($here, auth_device => 200, path => { id => 'phone-1' });
    answers($here, auth_device_delete => 200, path => { id => 'phone-1' });
    my $changing = $stack->login('staff');
    my %wrong_password = (json => { current_password => 'not this one', new_password => 'entirely another' });
    answers($changing, auth_password => [422, 'password_wrong'], %wrong_password);
    answers($changing, auth_password => 200,
        json => { current_password => $changing->user->{password}, new_password => 'entirely another' });
    answers($changing, auth_password => [429, 'login_throttled'], %wrong_password, tries => 5);
    answers($stack->login('staff'), auth_logout => 200);
    my $throttled = $stack->login('staff')->user;
    answers($nobody, auth_login => [401, 'credentials_invalid'], $login->($throttled, password => 'wrong'));
    answers($nobody, auth_login => [429, 'login_throttled'], $login->($throttled, password => 'wrong again'), tries => 5);
    my %new = (full_name => 'Contract', role => 'staff', password => 'entirely another');
    my $made = answers($admin, user_create => 201, json => { username => 'contract', %new })->data->{user_id};
    answers($admin, user_create => [409, 'already_exists'], json => { username => 'contract', %new });
    answers($admin, users => 200, query => { q => 'contract', sort => '-created_at' });
    answers($admin, user => 200, path => { id => $made });
    answers($admin, user_change => 200, path => { id => $made }, json => { role => 'supervisor' });
    answers($admin, user_revoke => 200, path => { id => $made });
    answers($admin, user_reset_password => 200, path => { id => $made }, json => { password => 'yet another' });
    answers($admin, user_disable => 200, path => { id => $made });
    answers($admin, user_disable => [409, 'last_admin'], path => { id => $admin->user_id });
    answers($admin, user_change => [409, 'last_admin'], path => { id => $admin->user_id }, json => { role => 'staff' });
    my %place = (warehouse => 'W1', floor => 'F1');
    my %new_rack = (path => { rack_id => 'CONTRACT-1' });
    answers($admin, admin_rack_add => 201, json => { rack_id => 'CONTRACT-1', %place });
    answers($admin, admin_rack_add => [409, 'already_exists'], json => { rack_id => 'CONTRACT-1', %place });
    answers($admin, admin_racks => 200, query => { q => 'contract', sort => '-floor' });
    answers($admin, admin_rack => 200, %new_rack);
    answers($admin, admin_rack_change => 200, %new_rack, json => { zone => 'Z' });
    $asha->post('/api/racks/CONTRACT-1/claim', {});
    answers($admin, admin_rack_change => [409, 'rack_locked'], %new_rack, json => { floor => 'F2' });
    answers($admin, admin_rack_remove => [409, 'rack_locked'], %new_rack);
    $asha->post('/api/racks/CONTRACT-1/release', {});
    answers($admin, admin_rack_remove => 200, %new_rack);
    answers($admin, admin_rack_import => 200, json => { csv => "rack_id,floor,warehouse\nCONTRACT-2,F1,W1\nCONTRACT-3,,W1\n", dry_run => \1 });
    answers($admin, audit => 200, query => { action => 'rack.', verify => 'true', limit => 5 });
    answers($asha, client_errors => 200, json => { message => 'It broke', page => '/console/home' });
    answers($ben, client_errors => [429, 'rate_limited'], json => { message => 'Again' }, tries => 40);
    answers($admin, errors => 200, query => { source => 'console' });
    answers($admin, $_ => [422, 'validation_failed'], query => { from => '2026-02-02', to => '2026-01-01' }) for qw(audit errors);
    my $config = answers($asha, config => 200);
    answers($asha, config => 304, headers => { 'If-None-Match' => $config->header('ETag') });
};

subtest 'racks and counts' => sub {
    $count = answers($supervisor, count_open => 201, json => { warehouse => $warehouse, name => 'Contract' })->data->{session_id};
    answers($asha, $_ => 200) for qw(warehouses racks_available racks_floors counts sessions_active sessions_history racks_user_active);
    answers($supervisor, counts => 200, query => { status => 'OPEN', warehouse => $warehouse, limit => 1 });
    $session = answers($asha, rack_claim => 200, path => { rack_id => $rack }, json => { count_id => $count })->data->{session_id};
    answers($ben, rack_claim => [409, 'rack_locked'], path => { rack_id => $rack });
    for my $end (qw(release pause resume)) {
        answers($ben, "rack_$end" => [409, 'lock_lost'], path => { rack_id => $rack });
        answers($ben, "rack_$end" => [403, 'forbidden'], path => { rack_id => $rack }, json => { session_id => $session });
    }
    answers($asha, rack_status => 200, path => { rack_id => $rack });
    answers($supervisor, $_ => 200, query => { warehouse => $warehouse }) for qw(kpis active_users activity alerts dashboard);
    answers($supervisor, dashboard => 200);
    answers($admin, system_status => 200);
    answers($supervisor, analytics => 200, query => { group_by => $_ }) for qw(warehouse staff floor day);
    answers($supervisor, analytics => 404, query => { count_id => 'no-such-thing' });
    answers($supervisor, analytics => [422, 'validation_failed'], query => { from => '2026-02-02', to => '2026-01-01' });
    answers($asha, $_ => 200) for qw(racks_user_active home);
    my $code = $items[0];
    answers($asha, item_barcode => 200, path => { code => $code });
    answers($asha, item_barcode => 400, path => { code => $code }, query => { nonsense => 1 });
    answers($nobody, item_barcode => 401, path => { code => $code });
    answers($asha, item_barcode => [404, 'item_unknown'], path => { code => '(01)04006381333931(10)X' });
    $stack->redis->command('SET', 'erp:answer:04006381333955', 'timeout', 'PX', 60_000);
    answers($asha, item_barcode => [504, 'erp_timeout'], path => { code => '(01)04006381333955(10)X' });
    $stack->redis->command('DEL', 'erp:answer:04006381333955');
    answers($asha, items_search => 200, query => { q => $code });
    answers($asha, items_search => 400);
    answers($nobody, items_search => 401, query => { q => 'x' });
    answers($asha, items => 200, query => { limit => 3 });
    answers($asha, items => 400, query => { limit => 0 });
    answers($nobody, items => 401);
    answers($asha, item => 200, path => { item_code => $code });
    answers($asha, item => 400, path => { item_code => $code }, query => { nonsense => 1 });
    answers($nobody, item => 401, path => { item_code => $code });
    answers($asha, item => [404, 'item_unknown']);
    my $expected = answers($asha, rack_items => 200, path => { rack_id => $rack });
    answers($asha, rack_items => 304, path => { rack_id => $rack }, headers => { 'If-None-Match' => $expected->header('ETag') });
    answers($asha, session_heartbeat => 200, path => { id => $session });
    answers($asha, sync_heartbeat => 200, json => { session_id => $session });
    answers($ben, $_ => [403, 'forbidden'], path => { id => $session })
        for qw(session session_records session_stats session_heartbeat session_complete);
    answers($ben, sync_heartbeat => [403, 'forbidden'], query => { session_id => $session });
    answers($nobody->with(token => $ben->token), sync_heartbeat => [404, 'not_found'], query => { session_id => 'no-such-thing' });
};

subtest 'sync' => sub {
    my $verdict = answers($asha, sync_batch => 200, json => { records => [
        record('good', damage_qty => 1, remark => "two\nlines", revision => 1), record('second', item_code => $items[1]),
        record('negative', verified_qty => -1), record('again', item_code => $items[0], verified_qty => 4),
        record('void', item_code => $items[2], status => 'void'), record('unknown', item_code => 'no such item'),
    ] })->data;
    is_deeply $verdict->{ok}, [map { "contract-$_" } qw(good second void unknown)], 'good records are ok';
    is_deeply $verdict->{unknown}, ['contract-unknown'], 'and told where nobody knows the item';
    is_deeply [map { "$_->{client_record_id} $_->{type}" } @{ $verdict->{conflicts} }], ['contract-again duplicate_count'], 'a conflict';
    is_deeply [map { "$_->{client_record_id} $_->{code}" } @{ $verdict->{errors} }],
        ['contract-negative negative'], 'and errors';
    $conflict = $verdict->{conflicts}[0]{conflict_id};
    my %item = (path => { item_code => $items[3] });
    answers($asha, item_verify => 200, %item, json => { verified_qty => 2, session_id => $session });
    answers($ben, item_verify => [409, 'session_required'], %item, json => { verified_qty => 2 });
    answers($asha, item_verify => [409, 'foreign_record'], %item, json => { verified_qty => 2, session_id => $session, client_record_id => 'of-another' })
        if $stack->mongo->run('{"insert": "verification_records", "documents": [{"client_record_id": "of-another", "user_id": "u", "session_id": "s", "count_id": "c", "rack_id": "r", "item_code": "i"}]}');
    my %correction = (json => { item_code => $items[3], changes => { item_name => 'Corrected', mrp => 2 } });
    answers($supervisor, item_correct => 200, %correction);
    answers($supervisor, item_correct => [404, 'item_unknown'], json => { item_code => 'no-such-thing', changes => { mrp => 1 } });
    my %evidence = (line_id => 'contract-line', created_at => '2026-01-02T03:04:05Z', item_code => $items[3], quantity => 1, damage_reason => 'wet', photo_proofs => ['p']);
    answers($asha, count_lines_add => 200, json => { session_id => $session, lines => [\%evidence, { line_id => 'x' }] });
    answers($asha, count_lines => 200, query => { session_id => $session });
    answers($ben, count_lines_add => [403, 'forbidden'], json => { session_id => $session, lines => [] });
    answers($ben, count_lines => [403, 'forbidden'], query => { session_id => $session });
    answers($asha, count_lines_add => [404, 'not_found'], json => { session_id => 'no-such-thing', lines => [] });
    answers($asha, count_lines => [404, 'not_found'], query => { session_id => 'no-such-thing' });
    answers($supervisor, count_lines_add => [409, 'wrong_kind'], json => { session_id => $count, lines => [] });
    answers($supervisor, count_lines => [409, 'wrong_kind'], query => { session_id => $count });
    answers($supervisor, variances => 200, query => { count_id => $count, min_qty => 0 });
    answers($supervisor, variances => 404, query => { count_id => 'no-such-thing' });
    answers($supervisor, variances => [422, 'validation_failed'], query => { from => '2026-02-02', to => '2026-01-01' });
    answers($asha, item_verify => [422, 'validation_failed'], %item, json => { verified_qty => -2, session_id => $session });
    answers($asha, sync_batch => [422, 'batch_too_large'], json => { records => [map { record("many-$_") } 1 .. 101] });
    answers($asha, session_records => 200, path => { id => $session });
    answers($asha, session_records => 200, path => { id => $session }, query => { limit => 1, since => '2026-01-01T00:00:00Z' });
    answers($asha, conflicts => 200, query => { status => 'open', session => $session });
    answers($ben, conflict_resolve => [404, 'not_found'], path => { id => $conflict }, json => { action => 'keep_server' });
    answers($asha, conflict_resolve => 200, path => { id => $conflict }, json => { action => 'merge' });
    answers($asha, conflict_resolve => [409, 'conflict_resolved'], path => { id => $conflict }, json => { action => 'keep_server' });
    answers($supervisor, conflicts => 200, query => { status => 'resolved' });
    answers($asha, $_ => 200, path => { id => $session }) for qw(session session_stats);
    my ($note) = grep { $_->{code} eq 'no such item' } @{ answers($asha, unknown_items => 200, query => { status => 'open' })->data->{items} };
    is $note->{code}, 'no such item', 'a code that nobody knows is noted';
    my %find = (unknown_item_id => 'contract-find', code => 'no such item', name => 'A thing', session_id => $session, found_at => '2026-01-02T03:04:05Z');
    answers($asha, unknown_item_report => 201, json => \%find);
    answers($asha, unknown_item_report => 200, json => \%find);
    answers($ben, unknown_item_report => [409, 'already_exists'], json => { unknown_item_id => 'contract-find', code => 'x' });
    answers($supervisor, unknown_item_resolve => 200, path => { id => $note->{unknown_item_id} }, json => { action => 'link', item_code => $items[3] });
    answers($supervisor, unknown_item_resolve => [409, 'conflict_resolved'], path => { id => 'contract-find' }, json => { action => 'reject' });
    answers($supervisor, unknown_items => 200, query => { status => 'linked', since => '2026-01-01T00:00:00Z', warehouse => $warehouse });
    answers($asha, session_records => 200, path => { id => $session });
    my ($tracked) = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') =~ /^(?:1|true|yes)$/i } $stack->demo('items');
    is_deeply answers($asha, sync_batch => 200, json => { records => [record('serial', item_code => $tracked, verified_qty => 1, serial_numbers => ['CONTRACT-S1'])] })->data->{ok},
        ['contract-serial'], 'a serial number';
    answers($asha, serial => 200, path => { serial => 'contract-s1' });
    is answers($supervisor, serials => 200, query => { count_id => $count, state => 'found', item_code => $tracked })->data->{totals}{found}, 1, 'is found in the count';
    answers($supervisor, serials => [404, 'not_found'], query => { count_id => 'no-such-count' });
    answers($supervisor, serials => [400, 'parameter_invalid']);
    answers($supervisor, $_ => 200, path => { id => $count }) for qw(session session_stats session_records);
    my %rescue = (format => 'stockverify-unsent', version => 1, user => { username => $asha->user->{username} });
    my $rescued = answers($supervisor, sync_rescue => 200, json => { %rescue, records => [record('rescued'), record('two'), record('rescued-wrong', verified_qty => -1)],
        count_lines => [{ line_id => 'rescued', session_id => $session, barcode => '1', created_at => '2026-01-05T08:00:00Z' }], unknown_items => [{ unknown_item_id => 'rescued', code => 'x' }] })->data;
    is_deeply [map { scalar @{ $rescued->{$_} } } qw(conflicts errors)], [2, 1], 'a rescued file';
    answers($supervisor, sync_rescue => [422, 'validation_failed'], json => { %rescue, user => { user_id => 'no-such-thing' }, records => [] });
    answers($carl, sync_batch => 200, json => { records => [] });
    answers($carl, sync_batch => [429, 'rate_limited'], json => { records => [] }, tries => 40);
    answers($carl, count_lines_add => [429, 'rate_limited'], json => { session_id => 'x', lines => [] }, tries => 40);
    answers($carl, item_verify => [429, 'rate_limited'], %item, json => { verified_qty => 1 }, tries => 40);
};

subtest 'both envelopes' => sub {
    my @calls = (
        [rack_claim => { rack_id => $rack }], [session_heartbeat => { id => $session }], [session => { id => $session }],
        [session_stats => { id => $session }], [rack_status => { rack_id => $rack }], [racks_floors => {}], ['sync_batch'],
    );
    my @changing = qw(lock_ttl lock_ttl_remaining duration_seconds items_per_minute processing_time_ms heartbeat_age_seconds
        resumed batch_id request_id last_heartbeat);
    my $same = sub { my ($value) = @_; return ref $value eq 'HASH' ? { %$value, map { ($_ => undef) } @changing } : $value };
    for my $call (@calls) {
        my ($id, $values) = @$call;
        my $operation = $contract->operation($id);
        my @request = ($operation->{method} => path_of($operation, %{ $values || {} }));
        push @request, json => { records => [record('good', damage_qty => 1, remark => "two\nlines", revision => 1)] } unless $values;
        my $nested = $asha->request(@request);
        my $flat = $asha->with(url => $stack->url_flat)->request(@request);
        is $flat->status, 200, "$id, flat" or diag $flat->text;
        if (ref $nested->data eq 'ARRAY') {
            is_deeply $flat->json, $nested->data, "$id: a list is bare";
            next;
        }
        my %beside = (success => $nested->json->{success}, message => $nested->message);
        is_deeply $same->($flat->json), $same->({ %{ $nested->data }, %beside }), "$id: the same members";
        is_deeply [$contract->schema_complaints($contract->schema('FlatSuccess'), $flat->json)], [], "$id: FlatSuccess";
    }
    my $refused = $ben->with(url => $stack->url_flat)->post("/api/racks/$rack/claim", {});
    is_deeply [$contract->complaints($contract->operation('rack_claim'), $refused)], [], 'an error keeps its form';
};

subtest 'ends' => sub {
    my %here = (path => { rack_id => $rack }, json => { session_id => $session });
    answers($asha, rack_pause => 200, %here);
    answers($asha, session_heartbeat => [409, 'session_paused'], path => { id => $session });
    answers($asha, sync_heartbeat => [409, 'session_paused'], json => { session_id => $session });
    answers($asha, rack_resume => 200, %here);
    answers($asha, rack_empty => 200, %here);
    answers($ben, rack_empty => [403, 'forbidden'], %here);
    answers($asha, session_complete => [409, 'records_missing'], path => { id => $session }, json => { records => 100_000 });
    answers($asha, session_complete => 200, path => { id => $session });
    answers($asha, session_heartbeat => [409, 'session_completed'], path => { id => $session });
    answers($asha, rack_claim => [409, 'rack_completed'], path => { rack_id => $rack }, json => { count_id => $count });
    my $released = answers($ben, rack_claim => 200, path => { rack_id => $other_rack }, json => { count_id => $count })->data->{session_id};
    answers($ben, rack_release => 200, path => { rack_id => $other_rack });
    answers($ben, session_complete => [409, 'wrong_kind'], path => { id => $count });
    my $verdicts = answers($supervisor, counts_close => 200, json => { session_ids => [$count, 'no-such-thing'] })->data->{results};
    is_deeply [map { $_->{success} ? 'done' : $_->{code} } @$verdicts], ['done', 'not_found'], 'a verdict for each count';
    answers($supervisor, counts_reconcile => 200, json => { session_ids => [$count] });
    answers($asha, rack_claim => [409, 'session_closed'], path => { rack_id => $rack }, json => { count_id => $count });
    answers($asha, rack_empty => [409, 'session_closed'], %here);
};

subtest 'oversight' => sub {
    answers($supervisor, watchtower => 200);
    answers($supervisor, watchtower => 200, query => { warehouse => $warehouse });
};

subtest 'events' => sub {
    my $ticket = answers($asha, event_ticket => 201, json => { topics => ['rack:updates:*', 'floor'] })->data->{ticket};
    answers($asha, event_ticket => [403, 'forbidden'], json => { topics => ['activity'] });
    answers($asha, event_ticket => [422, 'validation_failed'], json => { topics => ['nothing'] });
    # A stream does not end; its head is that of a GET.
    my $head = $nobody->request(HEAD => "/api/events?ticket=$ticket");
    is_deeply [$head->status, $contract->complaints($contract->operation('events'), $head)], [200], 'a stream' or diag $head->text;
    $seen{events}{200}++;
    answers($nobody, events => [401, 'ticket_invalid'], query => { ticket => $ticket });
    answers($asha, events => [400, 'parameter_invalid']);
    answers($asha, events => [403, 'forbidden'], query => { topics => 'activity' });
    # As many as each of the processes admits.
    my @streams;
    wait_until {
        push @streams, StockVerify::Events->open($stack, $asha, topics => 'floor');
        $stack->plain_client->get('/metrics/json')->json->{event_streams} == 2
    } 30, 'a stream in every process';
    answers($asha, events => [429, 'too_many_streams'], query => { topics => 'floor' });
};

subtest 'operations' => sub {
    answers($nobody, $_ => 200) for qw(health metrics metrics_json);
    my $head = $nobody->request(HEAD => '/api/health');
    is $head->status . ' ' . length $head->body, '200 0', 'HEAD is answered where GET is';
};

# A job as its worker leaves it, with a file to download.
sub ended_job {
    my ($id, %more) = @_;
    my $now = { '$date' => plain($stack->mongo->run('{"hello": 1}')->{localTime}) };
    make_path("$stack->{directory}/spool/jobs/$id");
    open my $out, '>', "$stack->{directory}/spool/jobs/$id/1.csv" or die "$id: $!\n";
    print {$out} "a,b\r\n1,2\r\n";
    close $out or die "$id: $!\n";
    my %result = (file => "jobs/$id/1.csv", file_name => 'report.csv', content_type => 'text/csv; charset=utf-8', etag => '"1"', size => 10,
        keep_ms => 3600000);
    $stack->mongo->run(insert => 'jobs', documents => [{
        job_id => $id, type => 'report.generate', status => 'succeeded', pending => \0, requested_by => $supervisor->user_id, attempt => 1,
        progress => { done => 1, total => 1, stage => 'rows' }, resource => { type => 'report', id => $id, url => undef },
        created_at => $now, started_at => $now, finished_at => $now, result => \%result, %more,
    }]);
    return (path => { id => $id });
}

subtest 'jobs' => sub {
    answers($admin, erp_sync => 200);
    answers($admin, erp_sync_start => 201, json => { full => \1 }, headers => { Prefer => 'wait=30' });
    answers($admin, erp_sync => 200);
    answers($admin, indexes_ensure => 202);
    answers($admin, indexes_ensure => 201, headers => { Prefer => 'wait=30' });
    my %ended = ended_job('contract');
    answers($supervisor, jobs => 200);
    answers($supervisor, job => 200, %ended);
    answers($asha, $_ => [403, 'forbidden'], %ended) for qw(job job_cancel job_retry job_result job_link);
    my $tag = answers($supervisor, job_result => 200, %ended)->header('ETag');
    answers($supervisor, job_result => 206, %ended, headers => { Range => 'bytes=2-' });
    answers($supervisor, job_result => 304, %ended, headers => { 'If-None-Match' => $tag });
    answers($supervisor, job_result => [412, 'precondition_failed'], %ended, headers => { 'If-Match' => '"other"' });
    answers($supervisor, job_result => [416, 'range_invalid'], %ended, headers => { Range => 'bytes=20-' });
    answers($supervisor, job_link => 200, %ended);
    answers($supervisor, $_ => [409, 'conflict_state'], %ended) for qw(job_cancel job_retry);
    my %failed = ended_job('failed', status => 'failed', error => { code => 'internal_error', message => 'No' });
    my %again = ended_job('again', type => 'indexes.ensure', queue => 'high', role => 'admin', status => 'failed', delay_ms => 0, crashed => 0, failed_attempts => 3);
    answers($admin, job_retry => 201, %again, headers => { Prefer => 'wait=30' });
    my %expired = ended_job('expired', result => { expired => \1 });
    for my $id (qw(job_result job_link)) {
        answers($supervisor, $id => [409, 'conflict_state'], %failed);
        answers($supervisor, $id => [410, 'result_expired'], %expired);
    }
    # One that is cancelled while somebody waits for it.
    $stack->stop_part('worker');
    answers($admin, erp_sync_start => 202);
    answers($admin, erp_sync_start => [409, 'conflict_state'], json => { full => \1 });
    my $queued = cancelled($admin, 'indexes_ensure');
    answers($admin, job_cancel => 200, path => { id => $queued });
    my $fail = sub { $stack->mongo->update(jobs => { job_id => $queued }, { '$set' => { status => 'failed', pending => \0 } }) };
    cancelled($admin, 'job_retry', path => { id => $queued }, before => $fail);
    $stack->start_part('worker');
};

my %THERE;    # ids that operations find something by
my %SCHEDULE = (name => 'Contract', cron => '0 6 * * 1', type => 'stock_summary', format => 'csv');

subtest 'saved queries' => sub {
    my %query = (name => 'Contract', query => { collection => 'erp_items', limit => 3 });
    my $made = answers($supervisor, report_query_create => 201, json => \%query);
    my %id = (path => { id => $made->data->{query_id} });
    answers($supervisor, report_query_create => [409, 'already_exists'], json => \%query);
    answers($supervisor, report_queries => 200);
    answers($supervisor, report_query => 200, %id);
    answers($supervisor, report_query_change => 200, %id, json => { %query, name => 'Contract, changed' });
    my $other = answers($supervisor, report_query_create => 201, json => \%query)->data->{query_id};
    answers($supervisor, report_query_change => [409, 'already_exists'], path => { id => $other }, json => { %query, name => 'Contract, changed' });
    answers($supervisor, report_preview => 200, json => { query_id => $made->data->{query_id}, limit => 1 });
    answers($supervisor, snapshot_create => 202, json => { name => 'Of a saved one', query_id => $made->data->{query_id} });
    my $schedule = answers($supervisor, schedule_create => 201, json => { name => 'x', cron => '@yearly', type => 'snapshot', query_id => $made->data->{query_id} });
    answers($supervisor, report_query_delete => [409, 'conflict_state'], %id);
    answers($supervisor, schedule_delete => 200, path => { id => $schedule->data->{schedule_id} });
    answers($supervisor, report_query_delete => 200, %id);
    $THERE{$_} = $other for qw(report_query report_query_change report_query_delete);
};

subtest 'schedules' => sub {
    my $made = answers($supervisor, schedule_create => 201, json => { %SCHEDULE, recipients => ['a@example.com'], filters => { warehouse => $warehouse } });
    my %id = (path => { id => $made->data->{schedule_id} });
    answers($supervisor, schedule_create => 201, json => { name => 'x', cron => '@yearly', type => 'snapshot', query => { collection => 'erp_items' }, tags => ['x'], keep => 3 });
    answers($supervisor, schedules => 200);
    answers($supervisor, schedule => 200, %id);
    answers($supervisor, schedule_change => 200, %id, json => { %SCHEDULE, enabled => \0, delimiter => 'semicolon' });
    answers($supervisor, schedule_run => 202, %id);
    my $run = answers($supervisor, schedule_run => 201, %id, headers => { Prefer => 'wait=30' })->data;
    answers($supervisor, schedule_deliveries => 200, %id);
    my $delivery = sub {
        my ($delivery_id, %more) = @_;
        $stack->mongo->run(insert => 'report_deliveries', documents => [{ delivery_id => $delivery_id, schedule_id => $made->data->{schedule_id}, recipient => "$delivery_id\@example.com", %more }]);
        return (path => { id => $made->data->{schedule_id}, delivery_id => $delivery_id });
    };
    answers($supervisor, delivery_resend => 202, $delivery->('again', status => 'sent', job_id => $run->{job_id}));
    answers($supervisor, delivery_resend => 201, $delivery->('more', status => 'failed', job_id => $run->{job_id}), headers => { Prefer => 'wait=30' });
    answers($supervisor, delivery_resend => [409, 'conflict_state'], $delivery->('pending', status => 'pending', job_id => $run->{job_id}));
    answers($supervisor, delivery_resend => [410, 'result_expired'], $delivery->('gone', status => 'sent', job_id => 'gone'));
    answers($supervisor, schedule_delete => 200, %id);
    $THERE{schedule_deliveries} = answers($supervisor, schedule_create => 201, json => \%SCHEDULE)->data->{schedule_id};
};

# Removes kept rows, so that no file can be made of them.
sub lose_blocks {
    my ($collection, $field, $id) = @_;
    $stack->mongo->run(delete => $collection, deletes => [{ q => { $field => { '$regex' => "^$id" } }, limit => 0 }]);
    return;
}

subtest 'exports' => sub {
    my $asked = $supervisor->post('/api/reports/snapshots', { name => 'Contract', query => { collection => 'rack_registry' } }, headers => { Prefer => 'wait=30' });
    my %there = (path => { id => $asked->data->{snapshot_id} });
    answers($supervisor, snapshot_export => 202, %there, query => { format => 'xlsx' });
    answers($supervisor, snapshot_export => 200, %there, headers => { Prefer => 'wait=30' });
    my $tag = answers($supervisor, snapshot_export => 200, %there, query => { format => 'csv', delimiter => 'comma' })->header('ETag');
    answers($supervisor, snapshot_export => 206, %there, headers => { Range => 'bytes=2-' });
    answers($supervisor, snapshot_export => 304, %there, headers => { 'If-None-Match' => $tag });
    answers($supervisor, snapshot_export => [412, 'precondition_failed'], %there, headers => { 'If-Match' => '"other"' });
    answers($supervisor, snapshot_export => [416, 'range_invalid'], %there, headers => { Range => 'bytes=10000000-' });
    answers($supervisor, snapshot_export => [400, 'parameter_invalid'], %there, query => { format => 'doc' });
    $stack->mongo->update(report_snapshots => { snapshot_id => $there{path}{id} }, { '$set' => { rows => { '$numberLong' => '50001' } } });
    answers($supervisor, snapshot_export => [422, 'too_many_rows'], %there, query => { format => 'pdf' });
    lose_blocks('report_snapshot_blocks', snapshot_id => $there{path}{id});
    answers($supervisor, snapshot_export => [409, 'conflict_state'], %there, query => { format => 'ndjson' }, headers => { Prefer => 'wait=30' });
};

my %QUERY = (collection => 'erp_items', filters => [{ field => 'warehouse', op => 'eq', value => $warehouse }], limit => 3);

subtest 'snapshots' => sub {
    my $tag = answers($supervisor, report_collections => 200)->header('ETag');
    answers($supervisor, report_collections => 304, headers => { 'If-None-Match' => $tag });
    answers($supervisor, report_preview => 200, json => { %QUERY, fields => [qw(item_name stock_qty verified verified_at)] });
    answers($supervisor, report_preview => 200, json => { collection => 'erp_items', group_by => ['category'], aggregations => [{ op => 'avg', field => 'stock_qty' }] });
    my %asked = (name => 'Contract', query => \%QUERY, tags => ['contract'], description => 'Three items');
    answers($supervisor, snapshot_create => 202, json => { %asked, name => 'Later' });
    my $taken = answers($supervisor, snapshot_create => 201, json => \%asked, headers => { Prefer => 'wait=30' })->data;
    my %id = (path => { id => $taken->{snapshot_id} });
    $THERE{$_} = $taken->{snapshot_id} for qw(snapshot);
    answers($supervisor, snapshots => 200, query => { tag => 'contract' });
    answers($supervisor, snapshot => 200, %id, query => { limit => 2 });
    answers($supervisor, snapshot => 200, %id, query => { limit => 2, cursor => 2 });
    my $again = answers($supervisor, snapshot_refresh => 201, %id, headers => { Prefer => 'wait=30' })->data;
    answers($supervisor, snapshot_refresh => 202, path => { id => $again->{snapshot_id} });
    $stack->mongo->update(report_snapshots => { snapshot_id => $again->{snapshot_id} }, { '$set' => { 'query.collection' => 'forgotten' } });
    answers($supervisor, snapshot_refresh => [422, 'validation_failed'], path => { id => $again->{snapshot_id} });
    answers($supervisor, snapshot_delete => 200, path => { id => $again->{snapshot_id} });
};

subtest 'comparisons, trends and fixed reports' => sub {
    # of one unit, so that quantities have a total
    my @of = (filters => [@{ $QUERY{filters} }, { field => 'uom', op => 'eq', value => 'PCS' }]);
    my @two = map { answers($supervisor, snapshot_create => 201, json => { name => "Compared $_", query => { %QUERY, @of, limit => 5 + $_ }, tags => ['compared'] }, headers => { Prefer => 'wait=30' })->data->{snapshot_id} } 1, 2;
    my %asked = (baseline_id => $two[0], comparison_id => $two[1]);
    answers($supervisor, compare_create => 202, json => { %asked, name => 'Later' });
    my $made = answers($supervisor, compare_create => 201, json => { %asked, tolerance => { stock_qty => 0.5 }, include_unchanged => \1 }, headers => { Prefer => 'wait=30' })->data;
    my %id = (path => { id => $made->{job_id} });
    $THERE{comparison} = $made->{job_id};
    answers($supervisor, comparisons => 200);
    answers($supervisor, comparison => 200, %id, query => { limit => 2 });
    answers($supervisor, comparison => 200, %id, query => { change => 'added' });
    answers($supervisor, comparison_export => 202, %id, query => { format => 'xlsx' });
    my $tag = answers($supervisor, comparison_export => 200, %id, headers => { Prefer => 'wait=30' })->header('ETag');
    answers($supervisor, comparison_export => 206, %id, headers => { Range => 'bytes=2-' });
    answers($supervisor, comparison_export => 304, %id, headers => { 'If-None-Match' => $tag });
    answers($supervisor, comparison_export => [412, 'precondition_failed'], %id, headers => { 'If-Match' => '"other"' });
    answers($supervisor, comparison_export => [416, 'range_invalid'], %id, headers => { Range => 'bytes=10000000-' });
    $stack->mongo->update(report_compare_jobs => { job_id => $made->{job_id} }, { '$set' => { rows => { '$numberLong' => '50001' } } });
    answers($supervisor, comparison_export => [422, 'too_many_rows'], %id, query => { format => 'pdf' });
    lose_blocks('report_compare_blocks', owner => $made->{job_id});
    answers($supervisor, comparison_export => [409, 'conflict_state'], %id, query => { format => 'ndjson' }, headers => { Prefer => 'wait=30' });
    my ($other) = grep { $_->{job_id} ne $made->{job_id} } @{ $supervisor->get('/api/reports/compare')->data->{items} };
    answers($supervisor, comparison_delete => 200, path => { id => $other->{job_id} }) if ok $other, 'there is another';
    answers($supervisor, trend => 200, query => { tag => 'compared', metric => 'stock_qty' });
    answers($supervisor, trend => 200, query => { tag => 'nothing', metric => 'rows' });
    my %report = (type => 'variance', filters => { warehouse => $warehouse, period => 'today' });
    answers($supervisor, report_generate => 202, json => { %report, format => 'pdf' });
    answers($supervisor, report_generate => 201, json => { %report, delimiter => 'semicolon' }, headers => { Prefer => 'wait=30' });
    answers($supervisor, report_export => 202, path => { format => 'xlsx' }, json => \%report);
    answers($supervisor, report_export => 201, path => { format => 'json' }, json => \%report, headers => { Prefer => 'wait=30' });
    answers($supervisor, report_generate => [403, 'forbidden'], json => { type => 'audit_trail' });
};

my $world = StockVerify::Approval->new($stack);

subtest 'review' => sub {
    my $boss = $world->boss;
    $world->stock('REVIEW-1' => 10, 'REVIEW-2' => 10);
    my $count = $world->open_count;
    my %of = (path => { id => $count });
    my $counted = $world->count($count, 0, 'REVIEW-1' => 9, 'REVIEW-2' => 8);
    my %line;
    wait_until {
        %line = map { ($_->{item_code} => $_) } map { @{ $boss->get("/api/sessions/$count/review", query => { item => $_ })->data->{items} } } 'REVIEW-1', 'REVIEW-2';
        2 == grep { $_->{state} eq 'counted' } values %line;
    } 60, 'the lines';
    my %seen = map { ($_ => { item_code => $_, version => $line{$_}{version} }) } keys %line;
    $THERE{$_} = $count for qw(count_racks review review_line recounts review_accept review_exclude recounts_ask assignments);
    answers($boss, people => 200, query => { limit => 2 });
    my $racks = answers($boss, count_racks => 200, %of, query => { limit => 1 })->data->{items};
    answers($boss, review => 200, %of, query => { limit => 1, state => 'counted' });
    answers($boss, review_line => 200, path => { id => $count, item_code => 'REVIEW-1' });
    answers($boss, review_accept => [409, 'line_changed'], %of, json => { lines => [{ item_code => 'REVIEW-1', version => $line{'REVIEW-1'}{version} + 7 }] });
    answers($boss, review_accept => 200, %of, json => { lines => [$seen{'REVIEW-1'}] });
    my $rack = $stack->mongo->find_one('verification_sessions', { session_id => $counted })->{rack_id};
    answers($boss, recounts_ask => 200, %of, json => { racks => [$rack], different_user => \1 });
    answers($boss, recounts => 200, %of);
    answers($world->{people}[0], rack_claim => [403, 'recount_other_user'], path => { rack_id => $rack }, json => { count_id => $count, recount => \1 });
    my $left = $stack->rack;
    answers($boss, review_exclude => 200, %of, json => { racks => [$left], reason => 'Locked' });
    answers($boss, review_exclude => 200, %of, json => { racks => [$left], reason => 'Open again', undo => \1 });
    answers($boss, assignments => 200, %of, json => { assignments => [{ rack_id => $left, user_id => $world->{people}[1]->user_id }] });
    my %other = (path => { id => $counted, item_code => 'REVIEW-1' });
    answers($boss, $_ => [409, 'wrong_kind'], %other) for qw(count_racks review review_line recounts);
    answers($boss, review_accept => [409, 'wrong_kind'], %other, json => { lines => [$seen{'REVIEW-1'}] });
    answers($boss, review_exclude => [409, 'wrong_kind'], %other, json => { racks => [$left], reason => 'x' });
    answers($boss, recounts_ask => [409, 'wrong_kind'], %other, json => { racks => [$left] });
    answers($boss, assignments => [409, 'wrong_kind'], %other, json => { assignments => [] });
};

subtest 'adjustments' => sub {
    my ($boss, $owner) = ($world->boss, $world->admin);
    my %wait = (headers => { Prefer => 'wait=30' }, json => { note => 'Contract' });
    $world->stock(map { ("CONTRACT-$_" => 10) } 1 .. 6);
    my $undecided = $world->open_count;
    answers($boss, count_approve => [409, 'conflict_state'], path => { id => $undecided }, %wait);
    $world->count($undecided, 0, 'CONTRACT-1' => 9, 'CONTRACT-2' => 8);
    $world->reconcile($undecided);
    $world->settled($undecided);
    answers($boss, count_approve => [422, 'undecided'], path => { id => $undecided }, %wait);
    $world->accept($undecided);
    my %of = (path => { id => $undecided });
    answers($boss, count_approve => 201, %of, %wait);
    $THERE{$_} = $undecided for qw(adjustment adjustment_export adjustment_post adjustment_stop adjustment_retry adjustment_reverse);
    answers($boss, adjustments => 200);
    answers($boss, adjustment => 200, %of, query => { limit => 1 });
    answers($boss, session => 200, %of);
    # One that is cancelled while its worker is away.
    my $count = $world->open_count;
    $world->count($count, 0, 'CONTRACT-3' => 9);
    $world->reconcile($count);
    $world->accept($count);
    my %second = (path => { id => $count });
    $stack->stop_part('worker');
    cancelled($boss, 'count_approve', %second, json => { note => 'x' });
    answers($boss, count_approve => 202, %second, json => { note => 'x' });
    $stack->start_part('worker');
    wait_until { $stack->mongo->count('adjustments', { adjustment_id => $count }) } 60, 'the adjustment';

    answers($boss, adjustment_export => 202, %of, query => { format => 'xlsx' });
    answers($boss, adjustment_export => 200, %of, headers => { Prefer => 'wait=30' });
    my $tag = answers($boss, adjustment_export => 200, %of, query => { format => 'csv', delimiter => 'comma' })->header('ETag');
    answers($boss, adjustment_export => 206, %of, headers => { Range => 'bytes=2-' });
    answers($boss, adjustment_export => 304, %of, headers => { 'If-None-Match' => $tag });
    answers($boss, adjustment_export => [412, 'precondition_failed'], %of, headers => { 'If-Match' => '"other"' });
    answers($boss, adjustment_export => [416, 'range_invalid'], %of, headers => { Range => 'bytes=10000000-' });
    $stack->mongo->update('adjustments', { adjustment_id => $undecided }, { '$set' => { line_count => 60000 } });
    answers($boss, adjustment_export => [422, 'too_many_rows'], %of, query => { format => 'pdf' });
    $stack->mongo->update('adjustments', { adjustment_id => $undecided }, { '$set' => { line_count => 2 } });

    answers($owner, adjustment_post => [409, 'conflict_state'], %of);
    answers($boss, $_ => [409, 'conflict_state'], %of) for qw(adjustment_stop adjustment_retry);
    answers($boss, adjustment_reverse => [409, 'conflict_state'], %of, %wait);
    answers($owner, adjustment_post => 200, %of, json => { method => 'file' });
    $stack->mongo->update('adjustments', { adjustment_id => $count }, { '$set' => { status => 'posting' } });
    answers($boss, adjustment_retry => 200, %second);
    answers($boss, adjustment_stop => 200, %second);
    $stack->mongo->update('adjustments', { adjustment_id => $undecided }, { '$set' => { gross_value => 5 } });
    $stack->stop_part('worker');
    cancelled($boss, 'adjustment_reverse', %of, json => { note => 'x' });
    answers($boss, adjustment_reverse => 202, %of, json => { note => 'x' });
    $stack->start_part('worker');
    answers($boss, adjustment_reverse => 201, %second, %wait);
    answers($boss, adjustment_export => [409, 'conflict_state'], %second);
};
my %RESCUE = (format => 'stockverify-unsent', version => 1, exported_at => '2026-01-05T08:00:00Z', app => 'contract', device_id => 'phone', unknown_items => [], count_lines => [], records => []);

# A body that each operation takes; one that breaks a rule.
my %BODY = (
    event_ticket => { topics => ['floor'] }, auth_login => { username => 'nobody', password => 'something' }, auth_refresh => { refresh_token => 'A' x 43 },
    auth_pin => { current_password => 'x', pin => '493817' }, auth_password => { current_password => 'x', new_password => 'long enough' },
    admin_rack_add => { rack_id => 'X', warehouse => 'W1', floor => 'F1' }, admin_rack_import => { csv => 'rack_id,floor' }, client_errors => { message => 'x' },
    user_create => { username => 'x', full_name => 'X', role => 'staff', password => 'long enough' }, user_reset_password => { password => 'long enough' },
    count_open => { warehouse => $warehouse }, counts_close => { session_ids => ['no-such-thing'] },
    counts_reconcile => { session_ids => ['no-such-thing'] }, (map { ($_ => { note => 'x' }) } qw(count_approve adjustment_reverse)), sync_batch => { records => [] },
    review_accept => { lines => [{ item_code => 'x', version => 1 }] }, review_exclude => { racks => ['x'], reason => 'x' }, recounts_ask => { racks => ['x'] }, assignments => { assignments => [] },
    sync_rescue => { %RESCUE, user => { user_id => $asha->user_id } },
    sync_heartbeat => { session_id => 'no-such-thing' }, rack_empty => { session_id => 'no-such-thing' }, conflict_resolve => { action => 'keep_server' },
    unknown_item_report => { unknown_item_id => 'x', code => 'x' }, unknown_item_resolve => { action => 'reject' },
    item_verify => { verified_qty => 1 }, item_correct => { item_code => 'no-such-thing', changes => { mrp => 1 } },
    count_lines_add => { session_id => 'no-such-thing', lines => [] }, compare_create => { baseline_id => 'one', comparison_id => 'two' }, report_generate => { type => 'variance' }, report_export => { type => 'variance' },
    schedule_create => \%SCHEDULE, schedule_change => \%SCHEDULE, (map { ($_ => { name => 'x', query => \%QUERY }) } qw(report_query_create report_query_change)), report_preview => \%QUERY, snapshot_create => { name => 'x', query => \%QUERY },
);
my %WRONG = (
    event_ticket => { topics => 5 }, auth_login => { username => 5 }, auth_refresh => {}, auth_logout => { all => 'yes' }, auth_pin => { pin => 'abc' },
    admin_rack_add => { rack_id => 5 }, admin_rack_change => { floor => 5 }, admin_rack_import => { csv => 5 }, client_errors => { message => 5 },
    user_create => { username => 5 }, user_change => { role => 'king' }, user_reset_password => { password => 'short' },
    auth_password => { new_password => 'short' }, count_open => { warehouse => $warehouse, blind => \1, strict => \1 },
    counts_close => { session_ids => 'one' }, counts_reconcile => {}, (map { ($_ => { note => 5 }) } qw(count_approve adjustment_reverse)), adjustment_post => { method => 'fax' }, rack_claim => { recount => 'yes' },
    review_accept => { lines => 5 }, review_exclude => { racks => ['x'] }, recounts_ask => { racks => 5 }, assignments => { assignments => 5 },
    rack_release => { session_id => 5 }, erp_sync_start => { full => 5 }, rack_pause => { session_id => 5 }, rack_resume => { session_id => 5 }, rack_empty => { session_id => 5 },
    session_heartbeat => { rack_id => 5 }, session_complete => { records => 'all' }, sync_heartbeat => { session_id => 5 }, sync_batch => { records => {} }, sync_rescue => { format => 'other' },
    (map { ($_ => { name => 'x', query => { collection => 'users' } }) } qw(report_query_create report_query_change)), report_preview => { %QUERY, collection => 'users' }, snapshot_create => { name => 'x', query => { collection => 'users' } },
    unknown_item_report => { unknown_item_id => 5 }, unknown_item_resolve => { action => 'toss a coin' },
    item_verify => { session_id => 5 }, item_correct => { item_code => 'x', changes => {} }, count_lines_add => { session_id => 5 }, conflict_resolve => { action => 'toss a coin' }, compare_create => { baseline_id => 5 },
    report_generate => { type => 'variance', filters => { colour => 'red' } }, report_export => { type => 'gossip' }, schedule_create => { %SCHEDULE, cron => 'soon' }, schedule_change => { %SCHEDULE, recipients => ['x'] },
);

my $PICTURE = "\x89PNG\r\n\x1a\n" . pack 'N A4 N N C5 N', 13, 'IHDR', 2, 3, 8, 2, 0, 0, 0, 0;
my %PICTURE = (body => $PICTURE, headers => { 'Content-Type' => 'image/png' });

sub body_for {
    my ($operation) = @_;
    return $operation->{body} eq 'none' ? () : $operation->{body} eq 'file' ? %PICTURE : (json => $BODY{ $operation->{id} } || {});
}

subtest 'photos' => sub {
    my %path = (path => { client_photo_id => 'contract-photo' });
    answers($asha, photo_put => 201, %path, %PICTURE);
    answers($asha, photo_put => 200, %path, %PICTURE);
    answers($asha, photo_put => [409, 'already_exists'], %path, %PICTURE, body => "$PICTURE.");
    answers($asha, photo_put => [415, 'photo_type'], %path, %PICTURE, body => 'x');
    answers($asha, photo_put => [415, 'media_type'], %path, json => {});
    answers($asha, photo_put => [413, 'body_too_large'], %path, %PICTURE, body => $PICTURE . 'x' x 8388608);
    answers($asha, photo_put => [422, 'validation_failed'], %path, %PICTURE, body => substr $PICTURE, 0, 20);
    my $tag = answers($asha, photo => 200, %path)->header('ETag');
    answers($asha, photo => 206, %path, headers => { Range => 'bytes=0-3' });
    answers($asha, photo => 304, %path, headers => { 'If-None-Match' => $tag });
    answers($asha, photo => [412, 'precondition_failed'], %path, headers => { 'If-Match' => '"another"' });
    answers($asha, photo => [416, 'range_invalid'], %path, headers => { Range => 'bytes=9999-' });
};

my %LIMIT = map { ($_->{id} => $_->{limit}) } $contract->routes;
# What a page cannot do without.
my %QUERY_OF = (count_lines => { session_id => $session }, serials => { count_id => $count });

subtest 'what is wrong by itself' => sub {
    for my $operation (@api) {
        my $id = $operation->{id};
        my $client = $operation->{role} eq 'anyone' ? $nobody : $operation->{role} eq 'admin' ? $admin : $supervisor;
        my %body = body_for($operation);
        my %there = (path => { rack_id => $rack, id => $THERE{$id} // $session, format => 'csv' });
        my %documented = map { ($_ => 1) } keys %{ $operation->{responses} };
        answers($client, $id => [400, 'parameter_unknown'], %body, query => { nonsense => 1 });
        answers($client, $id => [400, 'cursor_invalid'], %there, query => { %{ $QUERY_OF{$id} || {} }, cursor => '!' }) if grep { $_ eq 'cursor' } @{ $operation->{query} };
        if (grep { $_ eq 'limit' } @{ $operation->{query} }) {
            answers($client, $id => [400, 'parameter_invalid'], query => { limit => $_ }) for 0, 501, 'x';
        }
        if ($documented{401} && $operation->{role} ne 'anyone') {
            answers($nobody, $id => [401, 'token_missing'], %body);
            answers($nobody->with(token => 'not.a.token'), $id => [401, 'token_invalid'], %body);
        }
        answers($asha, $id => [403, 'forbidden'], %body) if $operation->{role} =~ /^(?:supervisor|admin)$/;
        answers($client, $id => [404, $id =~ /^item/ ? 'item_unknown' : 'not_found'], %body) if $documented{404} && $operation->{path} =~ /\{/;
        next if $operation->{body} =~ /^(?:none|file)$/;
        answers($client, $id => [400, 'json_invalid'], body => '{"a": ');
        answers($client, $id => [415, 'media_type'], body => '{}', headers => { 'Content-Type' => 'text/plain' });
        answers($client, $id => [413, 'body_too_large'], body => '{"a": "' . 'x' x $LIMIT{$id} . '"}');
        next unless $documented{422};
        my $answer = answers($client, $id => [422, 'validation_failed'], json => $WRONG{$id}, %there);
        my @fields = $answer->fields;
        ok scalar(@fields), "$id names the field" or diag $answer->text;
    }
};

subtest 'methods' => sub {
    my $response = $contract->response('MethodNotAllowed');
    my %methods;
    $methods{ path_of($_) } = 1 for @api;
    for my $path (sort keys %methods) {
        my %allowed = map { ($_->{method} => 1) } grep { my $shape = $_->{path} =~ s/\{\w+\}/[^\/]+/gr; $path =~ /^$shape$/ } @api;
        my ($wrong) = grep { !$allowed{$_} } qw(PATCH PUT);
        my $answer = $supervisor->request($wrong => $path);
        is $answer->status, 405, "$wrong $path";
        is_deeply [$contract->complaints(undef, $answer, $response)], [], 'is answered as documented' or diag $answer->text;
        my %told = map { ($_ => 1) } split /\s*,\s*/, $answer->header('Allow') // '';
        delete @told{qw(HEAD OPTIONS)};
        is_deeply \%told, \%allowed, 'and Allow names what there is';
    }
    my $answer = $supervisor->get('/api/no/such/thing');
    is $answer->status . ' ' . $answer->code, '404 not_found', 'a path that does not exist';
    is_deeply [$contract->complaints(undef, $answer, $contract->response('NotFound'))], [], 'is answered as documented';
};

SKIP: {
    skip 'the MongoDB server is not ours to stop', 1 unless $stack->owns('mongodb');
    subtest 'without MongoDB' => sub {
        $stack->stop_part('mongodb');
        for my $operation (@api) {
            # No account is known to Redis then, so every token has to be looked up.
            $stack->redis->command('FLUSHALL');
            my %body = body_for($operation);
            answers($operation->{role} eq 'anyone' ? $nobody : $supervisor, $operation->{id} => 503, %body, path => { rack_id => $rack });
        }
    };

    for my $operation (@operations) {
        # One answer for every job that fails while somebody waits, and nginx' own for a long address or long headers; seen once, they are
        # the same elsewhere.
        my %shared = map { ($contract->response($_) => 1) } qw(JobNotDone UriTooLong HeadersTooLarge);
        my @own = grep { !$shared{ $operation->{responses}{$_} } } keys %{ $operation->{responses} };
        my @unseen = grep { $_ ne 'default' && !$seen{ $operation->{id} }{$_} } sort @own;
        is_deeply \@unseen, [], "every documented answer of $operation->{id} was seen";
    }
}

done_testing;
