#!/usr/bin/perl
# POST and GET /api/count-lines: evidence scan by scan, sent again without harm, in no total.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my ($item) = map { $_->{item_code} } $stack->demo('items');
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
my $n = 0;

sub line { my ($id, %more) = @_; return { line_id => $id, item_code => $item, quantity => 1, created_at => sprintf('2026-01-05T08:00:%02dZ', $n++ % 60), %more } }
sub add  { my ($user, @lines) = @_; return $user->post('/api/count-lines', { session_id => $session, lines => \@lines }) }
sub told { my ($answer) = @_; return $answer->data ? join ', ', @{ $answer->data->{ok} }, map { ($_->{line_id} // '?') . ": $_->{field} $_->{code}" } @{ $answer->data->{errors} } : $answer->text }

subtest 'lines are kept' => sub {
    my @lines = (line('l1', barcode => "]C1 0104006381333931\n", lot => 'L1', remark => "two\nlines", photo_proofs => ['p1']),
        line('l2', quantity => -2, correction_reason => 'typing_error', corrects => 'l1'), line('l3', serial_number => 'S1', condition => 'damaged', damage_reason => 'wet'));
    is told(add($asha, @lines)), 'l1, l2, l3', 'stored';
    is told(add($asha, @lines[2, 1])), 'l3, l2', 'sent again they are the same';
    is told($_), 'l1, l2, l3', 'also six at once' for $stack->parallel(map { [$asha, POST => '/api/count-lines', json => { session_id => $session, lines => \@lines }] } 1 .. 6);
    is $stack->mongo->count(count_lines => { session_id => $session }), 3, 'each once';
    is told(add($asha, { %{ $lines[0] }, quantity => 5 })), 'l1: line_id line_differs', 'a line does not change';
    my $page = $asha->get('/api/count-lines', query => { session_id => $session, limit => 2 })->data;
    is_deeply [map { $_->{line_id} } @{ $page->{items} }], ['l1', 'l2'], 'read in their order';
    is_deeply [@{ $page->{items}[0] }{qw(session_id rack_id user_id lot barcode)}], [$session, $rack, $asha->user_id, 'L1', ']C1 0104006381333931'], 'with whose they are';
    ok !exists $page->{items}[0]{content_hash}, 'and nothing internal';
    is_deeply [map { $_->{line_id} } @{ $asha->get('/api/count-lines', query => { session_id => $session, cursor => $page->{next_cursor} })->data->{items} }], ['l3'], 'by pages';
};

subtest 'each line has its own fault' => sub {
    my @wrong = (
        ['quantity wrong_type', quantity => '1'], ['created_at required', created_at => undef], ['barcode required', item_code => undef],
        ['damage_reason not_allowed', damage_reason => 'a fork lift'], ['condition not_allowed', condition => 'new'], ['lot too_long', lot => 'x' x 65],
        ['remark too_long', remark => 'x' x 2001], ['quantity not_exact', quantity => 0.1234567], ['item_code invalid_character', item_code => "a\x{1}b"],
        ['photo_proofs wrong_type', photo_proofs => 'p'], ['created_at invalid_format', created_at => 'now'],
    );
    my $answer = add($asha, line('good'), map { my ($what, @more) = @$_; line("bad $what", @more) } @wrong);
    is told($answer), join(', ', 'good', map { "bad $_->[0]: $_->[0]" } @wrong), 'told by field, the good one is stored';
    is told(add($asha, 7, {}, line('x'))), 'x, ?:  wrong_type, ?: line_id required', 'what is no line';
    is add($asha, map { line("m$_") } 1 .. 501)->status, 422, 'too many at once';
    is_deeply [$asha->post('/api/count-lines', { lines => [] })->fields], ['session_id'], 'no session';
};

subtest 'whose session' => sub {
    is add($ben, line('b1'))->status . ' ' . add($ben, line('b1'))->code, '403 forbidden', "another's session takes no lines";
    is $ben->get('/api/count-lines', query => { session_id => $session })->status, 403, 'nor shows any';
    is scalar @{ $boss->get('/api/count-lines', query => { session_id => $session })->data->{items} }, 5, 'a supervisor sees them';
    is $asha->post('/api/count-lines', { session_id => 'none', lines => [] })->status, 404, 'no such session';
    my $count = $boss->get("/api/sessions/$session")->data->{count_id};
    is $boss->get('/api/count-lines', query => { session_id => $count })->code, 'wrong_kind', 'lines are of floor sessions';
    is $asha->get('/api/count-lines')->code, 'parameter_invalid', 'which is to be named';
    my $mine = $ben->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id};
    is told($ben->post('/api/count-lines', { session_id => $mine, lines => [line('l1')] })), 'l1: line_id line_differs', "another's line_id";
};

subtest 'no figure comes of it' => sub {
    is $stack->mongo->count(verification_records => { session_id => $session }), 0, 'no record';
    is $asha->get("/api/sessions/$session/stats")->data->{verified_items}, 0, 'nothing is verified';
    is $stack->mongo->count(touched_items => {}), 0, 'nothing is derived';
    is $asha->post("/api/sessions/$session/complete", {})->status, 200, 'completed';
    is told(add($asha, line('late'))), 'late', 'evidence may come late';
};

done_testing;
