#!/usr/bin/perl
# Events as they happen: who hears what, in order and without a gap, over reloads and a Redis that comes and goes; when a stream ends.
use lib 't/lib';
use StockVerify::Events;
use StockVerify::Test;

my $stack = start_stack(settings => { EVENTS_KEEPALIVE => 1, EVENTS_USER_STREAMS => 8, RACK_LOCK_TTL => 60, EVENTS_KEPT => 100, EVENTS_TICKET_TTL => 2 });
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $here = $asha->user->{warehouse};
my ($chen) = map { $stack->login($_) } grep { $_->{warehouse} ne $here } $stack->users('staff');
my ($elsewhere) = grep { $_->{warehouse} ne $here } $stack->demo('racks');

sub stream { my ($client, $topics, %option) = @_; return StockVerify::Events->open($stack, $client, topics => $topics, %option)->ready }

sub since { my ($client, $topics, $place) = @_; return stream($client, $topics, headers => { 'Last-Event-ID' => $place }) }

sub claim { my ($client, $rack) = @_; return $client->post("/api/racks/$rack/claim", {})->data }

sub release { my ($client, $rack) = @_; return $client->post("/api/racks/$rack/release", {}) }

my $gauge = sub { return $stack->plain_client->get('/metrics/json')->json->{event_streams} };
my $ended = sub { return $stack->plain_client->get('/metrics/json')->json->{event_streams_ended_total} };

subtest 'a stream' => sub {
    my $stream = stream($asha, 'rack:updates:*,session:updates:*');
    is $stream->status, 200, 'opens';
    is $stream->header('Content-Type'), 'text/event-stream', 'as server-sent events';
    is $stream->header('Cache-Control'), 'no-store', 'not to be kept';
    is $stream->header('X-Accel-Buffering'), 'no', 'nor held up';
    is $stream->header('Content-Encoding'), undef, 'nor packed';
    like $stream->place, qr/^[0-9a-f]{8}\.\d+-\d+$/, 'and says where it is';
    my $rack = $stack->rack;
    my $session = claim($asha, $rack);
    my $event = $stream->next;
    is_deeply { map { ($_ => $event->{$_}) } qw(type id session_id user_id warehouse status fence) },
        { type => 'rack.claimed', id => $rack, session_id => $session->{session_id}, user_id => $asha->user_id, warehouse => $here, status => 'active', fence => $session->{fence} },
        'a claim is told, once though two topics have it';
    is $event->{place}, $stream->place, 'with its place';
    release($asha, $rack);
    is $stream->next->{type}, 'rack.released', 'and the release';
    ok $stream->await_comment, 'while nothing happens there are comments';
    is $stream->place, $stream->place, 'which say where it is';
    $stream->close;
    wait_until { $gauge->() == 0 } 20, 'the stream of a client that went to be forgotten';
    cmp_ok $ended->()->{client_gone}, '>=', 1, 'and to be counted';
    my $head = $asha->request(HEAD => '/api/events?topics=floor');
    is $head->status . $head->header('Content-Type'), '200text/event-stream', 'HEAD answers the head';
    is $gauge->(), 0, 'and opens none';
};

subtest 'what is refused' => sub {
    my %code = (
        '' => 'parameter_invalid', 'topics=' => 'parameter_invalid', 'topics=nothing' => 'parameter_invalid', 'topics=floor,' => 'parameter_invalid',
        'topics=activity' => 'forbidden', 'topics=floor,activity' => 'forbidden', 'topics=floor&since=1' => 'parameter_unknown', 'topics=floor&topics=floor' => 'parameter_invalid', 'topics[$ne]=floor' => 'parameter_unknown',
        'topics=' . join(',', ('floor') x 17) => 'parameter_invalid',
    );
    is $asha->get("/api/events?$_")->code, $code{$_}, "\"$_\"" for sort keys %code;
    is $stack->client->get('/api/events?topics=floor')->code, 'token_missing', 'without a token';
    is $stack->client(token => 'x')->get('/api/events?topics=floor')->code, 'token_invalid', 'with none';
    is $gauge->(), 0, 'and no stream is open';
    # Limits are of each process, and there are two.
    my @streams = map { StockVerify::Events->open($stack, $ben, topics => 'floor') } 1 .. 18;
    my @refused = grep { $_->status == 429 } @streams;
    cmp_ok scalar @refused, '>=', 2, 'more streams of a user than allowed';
    is $refused[0]->code, 'too_many_streams', 'are refused';
    like $refused[0]->header('Retry-After'), qr/^[1-9]/, 'and told when to come back';
    $_->close for @streams;
    wait_until { $gauge->() == 0 } 20, 'all to be closed';
    my $again = stream($ben, 'floor');
    is $again->status, 200, 'closed ones count no more';
};

subtest 'who hears what' => sub {
    my $all = 'rack:updates:*,session:updates:*,floor,global:notifications,jobs:updates:*';
    my %stream = (asha => stream($asha, $all), ben => stream($ben, $all), chen => stream($chen, $all), boss => stream($boss, "$all,activity"), admin => stream($admin, "activity"));
    my $others_session = stream($ben, 'session:updates:*');
    my ($mine, $theirs) = ($stack->rack, $stack->rack(warehouse => $elsewhere->{warehouse}));
    claim($asha, $mine);
    claim($chen, $theirs);
    my $count = $boss->post('/api/sessions', { warehouse => $here, blind => \1 })->data;
    my $job = $boss->post('/api/reports/generate', { type => 'stock_summary', format => 'csv' }, headers => { Prefer => 'wait=30' })->data;
    $boss->post('/api/sessions/bulk/reconcile', { session_ids => [$count->{session_id}] });
    $boss->post('/api/sessions/bulk/close', { session_ids => [$count->{session_id}], force => \1 });
    my %heard = map { my $name = $_; ($name => [map { my $e = $_; "$e->{type} " . ($e->{id} eq $mine ? 'mine' : $e->{id} eq $theirs ? 'theirs' : 'it') } $stream{$name}->until('count.closed')]) } qw(asha ben boss admin);
    my @of_count = ('count.opened it', 'count.reconciling it', 'count.closed it');
    my @without_jobs = grep { !/^job/ } @{ $heard{boss} };
    is_deeply [grep { !/interrupted/ } @{ $heard{asha} }], ['rack.claimed mine', @of_count], 'staff: racks and counts of their warehouse';
    is_deeply [grep { !/interrupted/ } @{ $heard{ben} }], ['rack.claimed mine', @of_count], 'whoever holds them';
    is_deeply [grep { !/interrupted/ } @without_jobs], ['rack.claimed mine', 'rack.claimed theirs', @of_count], 'a supervisor: all';
    ok scalar(grep { /^job\.updated/ } @{ $heard{boss} }), 'jobs too';
    is_deeply [grep { !/interrupted/ } @{ $heard{admin} }], ['rack.claimed mine', 'rack.claimed theirs', @of_count], 'activity: all but jobs';
    release($asha, $mine);
    release($chen, $theirs);
    is_deeply [map { "$_->{type} $_->{id}" } $stream{chen}->until('rack.released')], ["rack.claimed $theirs", "rack.released $theirs"], 'another warehouse: its own';
    claim($ben, $mine);
    is $others_session->next->{type}, 'rack.claimed', 'a session is told of to whom it belongs, and to no one else before';
    release($ben, $mine);
    my @texts = map { my $s = $_; map { Mojo::JSON::encode_json($_) } @{ $s->{messages} } } values %stream;
    is_deeply [grep { /qty|quantity|variance|"book/ } @texts], [], 'no quantity is told';
    $_->close for values %stream, $others_session;
};

sub happen {
    my ($many) = @_;
    my $rack = $stack->rack;
    for (1 .. $many) { claim($asha, $rack); release($asha, $rack) }
    return $rack;
}

subtest 'without a gap' => sub {
    my $whole = stream($boss, 'rack:updates:*');
    my $part = stream($boss, 'rack:updates:*');
    my $from = $part->place;
    my $rack = happen(5);
    my @seen = map { $part->next } 1 .. 3;
    $part->close;
    $rack = happen(5);
    my $rest = since($boss, 'rack:updates:*', $seen[-1]{place});
    my @all = map { $whole->next } 1 .. 20;
    push @seen, map { $rest->next } 1 .. 17;
    is_deeply \@seen, \@all, 'who comes back hears what was missed, in order and once';
    $rack = happen(1);
    is $rest->next->{id}, $rack, 'and goes on';
    my $query = stream($boss, 'rack:updates:*', last_event_id => $from);
    is_deeply [map { $query->next } 1 .. 20], \@all, 'the query says it as well as the header';
    my $narrow = since($boss, "rack:updates:$rack", $from);
    is_deeply [map { $narrow->next->{id} } 1 .. 2], [$rack, $rack], 'of these topics alone';
    # Racing with what happens: whoever comes back at any moment misses nothing.
    my @late;
    for my $round (1 .. 5) {
        happen(2);
        push @late, since($boss, 'rack:updates:*', $all[-1]{place});
    }
    my $last = happen(1);
    my @expected = map { $whole->next } 1 .. 24;
    for my $stream (@late) {
        is_deeply [map { $stream->next } 1 .. 24], \@expected, 'nor who comes back while it goes on';
        $stream->close;
    }
    $whole->close;
};

subtest 'what cannot be told any more' => sub {
    my $stream = stream($boss, 'rack:updates:*');
    my $old = $stream->place;
    $stream->close;
    happen(130);
    my $back = since($boss, 'rack:updates:*', $old);
    my $reset = $back->next;
    is "$reset->{type} $reset->{reason}", 'reset too_old', 'events are no longer kept';
    is $reset->{place}, $back->place, 'and where it goes on is told';
    my $rack = happen(1);
    is $back->next->{id}, $rack, 'from there';
    for my $strange ('x', '1-1', 'ffffffff.1-1', '00000000.1760000000000-0', $old . 'x', '3') {
        my $answer = since($boss, 'rack:updates:*', $strange);
        is $answer->next->{reason}, 'unknown', "\"$strange\" is no place";
        $answer->close;
    }
    my ($epoch) = $back->place =~ /^(\w+)\./;
    my $never = since($boss, 'rack:updates:*', "$epoch.99999999999999-0");
    is $never->next->{reason}, 'too_old', 'one that never was';
    $rack = happen(1);
    is $never->next->{id}, $rack, 'hears what comes';
    $_->close for $back, $never;
};

subtest 'tickets' => sub {
    my $answer = $asha->post('/api/events/ticket', { topics => ['rack:updates:*', 'floor'] });
    is $answer->status, 201, 'a ticket' or diag $answer->text;
    is_deeply $answer->data->{topics}, ['rack:updates:*', 'floor'], 'of these topics';
    is $answer->data->{expires_in}, 2, 'for so long';
    my $ticket = $answer->data->{ticket};
    like $ticket, qr/^[\w-]{43}$/, 'that nobody guesses';
    my $stream = stream(undef, undef, ticket => $ticket);
    is $stream->status, 200, 'opens a stream without a token';
    my $rack = $stack->rack;
    claim($ben, $rack);
    is $stream->next->{id}, $rack, 'of the topics asked for';
    release($ben, $rack);
    is $stack->client->get("/api/events?ticket=$ticket")->code, 'ticket_invalid', 'once';
    is $stack->client->get("/api/events?ticket=$_")->code, 'ticket_invalid', "\"$_\" is none" for '', 'x', 'a%20b', 'y' x 43;
    is $asha->get("/api/events?ticket=x&topics=floor")->code, 'ticket_invalid', 'not even beside a token';
    $ticket = $asha->post('/api/events/ticket', { topics => ['floor'] })->data->{ticket};
    is $stack->client->get("/api/events?ticket=$ticket&topics=global:notifications")->code, 'parameter_invalid', 'of its topics alone';
    $ticket = $asha->post('/api/events/ticket', { topics => ['floor'] })->data->{ticket};
    wait_until { !grep { /^events:ticket:/ } @{ $stack->redis->command(KEYS => 'events:ticket:*') } } 20, 'the ticket to lapse';
    is $stack->client->get("/api/events?ticket=$ticket")->code, 'ticket_invalid', 'for its time';
    is $asha->post('/api/events/ticket', { topics => ['activity'] })->code, 'forbidden', 'no topics of others';
    is $asha->post('/api/events/ticket', { topics => $_ })->code, 'validation_failed', 'nor of none' for ['nothing'], ['a,b'], [];
    is $asha->post('/api/events/ticket', { topics => 'floor' })->status, 422, 'a list';
    my $user = $stack->login($chen->user);
    $ticket = $user->post('/api/events/ticket', { topics => ['floor'] })->data->{ticket};
    $user->post('/api/auth/logout', {});
    is $stack->client->get("/api/events?ticket=$ticket")->code, 'token_revoked', 'after a logout it opens nothing';
    my $kept = join "\n", @{ $stack->redis->command(KEYS => 'events:*') };
    unlike $kept, qr/\Q$ticket\E/, 'Redis has no ticket in clear';
    $stream->close;
};

subtest 'its end' => sub {
    my $user = $stack->login($chen->user);
    my $stream = stream($user, 'floor');
    my $ticketed = stream(undef, undef, ticket => $user->post('/api/events/ticket', { topics => ['floor'] })->data->{ticket});
    my $other = stream($chen, 'floor');
    $user->post('/api/auth/logout', {});
    is $_->next('stream.ended')->{reason}, 'token_revoked', 'a logout ends its streams' for $stream, $ticketed;
    ok $stream->ended, 'and the answers';
    ok $other->await_comment, "another login's go on";
    my ($text, $status) = $stack->ctl(['users', 'disable', $chen->user->{username}]);
    is $status, 0, 'an account is disabled' or diag $text;
    is $other->next('stream.ended')->{reason}, 'account_disabled', 'which ends its streams';
    $stack->ctl(['users', 'enable', $chen->user->{username}]);
    my $moved = stream($ben, 'floor');
    my $account = '/api/admin/users/' . $ben->user_id;
    is $admin->patch($account, { role => 'supervisor' })->status, 200, 'somebody gets another role';
    is $moved->next('stream.ended')->{reason}, 'account_changed', 'and hears it as who they are from then on';
    is stream($ben, 'activity')->status, 200, 'who may hear what happens';
    is $admin->patch($account, { role => 'staff' })->status, 200, 'and back';
    wait_until { $ben->get('/api/events?topics=activity')->code eq 'forbidden' } 30, 'who may not any more';
};

subtest 'a client that does not read' => sub {
    my $slow = stream($boss, 'rack:updates:*');
    my $quick = stream($boss, 'rack:updates:*');
    my $before = $ended->()->{slow};
    $slow->stop;
    my $redis = $stack->redis;
    my $message = Mojo::JSON::encode_json({ type => 'rack.claimed', id => 'R', at => 'x', note => 'x' x 20_000 });
    my $told = 0;
    wait_until {
        for (1 .. 20) {
            $redis->command(XADD => 'events:recent', 'MAXLEN', '~', 100, '*', topics => 'rack:updates:R', warehouse => '', user => '', message => $message);
            $quick->next('rack.claimed') or die "the quick one hears nothing\n";
            $told++;
        }
        $ended->()->{slow} > $before
    } 60, 'the slow stream to be dropped';
    ok $quick->await_comment, 'others go on';
    $slow->go_on;
    my @heard = $slow->until('stream.ended');
    is $heard[-1]{reason}, 'slow', 'it is told why';
    cmp_ok scalar @heard, '<', $told, 'and did not have everything';
    my $place = $slow->place;
    is $place, $heard[-2]{place}, 'its place is that of the last it had';
    $_->close for $slow, $quick;
};

subtest 'a reload' => sub {
    my $stream = stream($boss, 'rack:updates:*');
    my @before = $stack->workers;
    $stack->reload;
    is $stream->next('stream.ended')->{reason}, 'shutting_down', 'ends the streams of the processes before';
    ok $stream->ended, 'at once';
    like $stream->{retry}, qr/^\d+$/, 'and says when to come back';
    my $rack = happen(1);
    my $back = since($boss, 'rack:updates:*', $stream->place);
    is_deeply [map { $back->next->{type} } 1 .. 2], ['rack.claimed', 'rack.released'], 'who comes back has missed nothing';
    wait_until { my %now = map { ($_ => 1) } $stack->workers; !grep { $now{$_} } @before } 30, 'the processes before to end';
    $back->close;
};

SKIP: {
    skip 'Redis is not ours to kill', 1 unless $stack->owns('redis');
    subtest 'a Redis that restarts' => sub {
        $stack->expect_log(qr/redis/i);
        my $stream = stream($boss, 'rack:updates:*');
        my $place = $stream->place;
        $stack->kill_part('redis');
        ok $stream->await_comment, 'the stream stays';
        wait_until { $boss->get('/api/events?topics=floor')->status == 503 } 20, 'new ones to be refused';
        $stack->start_part('redis');
        my $reset = $stream->next('reset');
        is $reset->{reason}, 'redis', 'and is told that it may have missed something';
        my $rack = $stack->rack;
        wait_until { claim($asha, $rack) } 20, 'a claim';
        is $stream->next('rack.claimed')->{id}, $rack, 'and goes on';
        my $back = since($boss, 'rack:updates:*', $place);
        is $back->next->{reason}, 'unknown', 'a place of the Redis before is none';
        $_->close for $stream, $back;
    };
}

my $short = start_stack(settings => { ACCESS_TOKEN_TTL => 5, EVENTS_KEEPALIVE => 300 });
subtest 'an expired token' => sub {
    my $user = $short->login('staff');
    my $stream = StockVerify::Events->open($short, $user, topics => 'floor')->ready;
    is $stream->next->{reason}, 'token_expired', 'ends the stream at its time';
    ok $stream->ended, 'and the answer';
};

done_testing;
