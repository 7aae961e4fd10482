#!/usr/bin/perl
# Evidence pictures: stored once, whole, as what they are, and shown to who may see them.
use lib 't/lib';
use StockVerify::Test;
use Digest::SHA 'sha256_hex';
use MIME::Base64 qw(encode_base64 encode_base64url);

my $stack = start_stack(settings => { PHOTO_DAY_MAX => 20 });
my ($asha, $ben, $cara) = map { $stack->login('staff') } 1 .. 3;
my $sue = $stack->login('supervisor');

sub png { my ($width, $height, $more) = @_; return "\x89PNG\r\n\x1a\n" . pack('N A4 N N C5 N', 13, 'IHDR', $width, $height, 8, 2, 0, 0, 0, 0) . ($more // '') }
sub jpeg { my ($width, $height, $more) = @_; return "\xff\xd8\xff\xe0\0\x04ab\xff\xc2" . pack('n C n n C', 17, 8, $height, $width, 3) . "\0" x 9 . ($more // '') }
sub webp { my ($width, $height) = @_; return 'RIFF' . pack('V', 22) . 'WEBPVP8X' . pack('V', 10) . "\0" x 4 . substr(pack('V', $width - 1), 0, 3) . substr(pack('V', $height - 1), 0, 3) }

sub put {
    my ($user, $id, $bytes, %header) = @_;
    return $user->request(PUT => "/api/photos/$id", body => $bytes, headers => { 'Content-Type' => 'application/octet-stream', %header });
}
sub get { my ($user, $id, %header) = @_; return $user->request(GET => "/api/photos/$id", headers => \%header) }
sub code { my ($answer) = @_; return $answer->status . ' ' . ($answer->code || 'ok') }
sub chunks { return scalar $stack->mongo->find('photos.chunks', {}) }

# Several chunks, the last a short one.
my $large = jpeg(4000, 3000, join '', map { chr(($_ * 7 + ($_ >> 8)) & 255) } 1 .. 700_001);

subtest 'a picture' => sub {
    my $answer = put($asha, 'shelf', $large);
    is_deeply [code($answer), @{ $answer->data }{qw(client_photo_id content_type bytes width height sha256 user_id)}],
        ['201 ok', 'shelf', 'image/jpeg', length $large, 4000, 3000, sha256_hex($large), $asha->user_id], 'is stored' or diag $answer->text;
    my $again = put($asha, 'shelf', $large);
    is code($again), '200 ok', 'sent again it is there';
    is_deeply $again->data, $answer->data, 'with the same answer';
    is code(put($asha, 'shelf', jpeg(4000, 3000))), '409 already_exists', 'other bytes are not';
    is code(put($ben, 'shelf', $large)), '409 already_exists', "nor another's";
    is chunks(), 3, 'it has its chunks and no others';
    my $got = get($asha, 'shelf');
    is $got->status, 200, 'it is fetched' or diag $got->text;
    ok $got->body eq $large, 'as it was sent';
    is_deeply [map { $got->header($_) } qw(Content-Type ETag X-Content-Type-Options Content-Security-Policy Content-Disposition Cache-Control)],
        ['image/jpeg', '"' . sha256_hex($large) . '"', 'nosniff', q(default-src 'none'; sandbox), q(inline; filename="shelf.jpg"; filename*=UTF-8''shelf.jpg), 'private, no-cache'],
        'as what it is, and nothing else';
    my $head = $asha->request(HEAD => '/api/photos/shelf');
    is_deeply [$head->status, $head->header('Content-Length'), length $head->body], [200, length $large, 0], 'HEAD';
    is get($asha, 'shelf', 'If-None-Match' => $got->header('ETag'))->status, 304, 'who has it gets it no more';
    my $part = get($asha, 'shelf', Range => 'bytes=3-9');
    is_deeply [$part->status, $part->body], [206, substr $large, 3, 7], 'a part of it';
};

subtest 'who sees it' => sub {
    is get($sue, 'shelf')->status, 200, 'a supervisor';
    is code(get($ben, 'shelf')), '404 not_found', 'nobody else';
    is code(get($ben, 'no-such')), '404 not_found', 'as of one that there is not';
    my $uuid = '6F1B2C1E-6A57-4C8E-9A57-0D4C3F2B1A00';
    is put($ben, $uuid, webp(640, 480))->data->{client_photo_id}, lc $uuid, 'a UUID is one, whatever its letters';
    is get($ben, $uuid)->status, 200, 'for both';
};

subtest 'what a picture is' => sub {
    my %kinds = (png => [png(7, 9), 'image/png'], webp => [webp(16384, 1), 'image/webp'], jpg => [jpeg(1, 1), 'image/jpeg']);
    for my $kind (sort keys %kinds) {
        my $answer = put($asha, "kind-$kind", $kinds{$kind}[0], 'Content-Type' => 'image/gif');
        is code($answer), '201 ok', $kind or diag $answer->text;
        is get($asha, "kind-$kind")->header('Content-Type'), $kinds{$kind}[1], 'by its bytes, not its header';
    }
    is code(put($asha, 'x', $_)), '415 photo_type', substr($_, 0, 5) for 'GIF89a' . 'x' x 50, '<svg xmlns="http://www.w3.org/2000/svg"/>', '<html><script>', 'x', '';
    is code(put($asha, 'x', png(1, 1), 'Content-Type' => $_)), '415 media_type', "sent as $_" for 'application/json', 'text/html', 'multipart/form-data; boundary=x';
    is code(put($asha, 'x', png(1, 1), 'Content-Encoding' => 'gzip')), '415 media_type', 'packed';
    for my $wrong ([0, 1], [1, 0], [16385, 1], [16000, 16000], [0xffffffff, 0xffffffff]) {
        my $answer = put($asha, 'x', png(@$wrong));
        is_deeply [code($answer), $answer->fields], ['422 validation_failed', 'photo'], "@$wrong";
    }
    is code(put($asha, 'x', substr jpeg(5, 5), 0, 12)), '422 validation_failed', 'a torn one';
    is code(put($asha, 'x' x 129, png(1, 1))), '422 validation_failed', 'an id that is too long';
    is code(get($asha, 'x')), '404 not_found', 'nothing of these is there';
};

subtest 'how large' => sub {
    my $limit = $asha->get('/api/config')->data->{photo_limits}{max_bytes};
    is $limit, 8388608, 'apps are told';
    my $most = png(10, 10, 'x' x ($limit - 33));
    is code(put($asha, 'most', $most)), '201 ok', 'so much';
    ok get($asha, 'most')->body eq $most, 'is all there';
    is code(put($asha, 'more', $most . 'x')), '413 body_too_large', 'and no more';
};

subtest 'many at once' => sub {
    my $before = chunks();
    my @answers = $stack->parallel(map { [$asha, PUT => '/api/photos/race', body => $large, headers => { 'Content-Type' => 'image/jpeg' }] } 1 .. 6);
    my %told;
    $told{ $_->status }++ for @answers;
    is_deeply [$told{201}, join ',', grep { !/^20[01]$/ } sort keys %told], [1, ''], 'of the same photo one is stored' or diag explain \%told;
    is chunks(), $before + 3, 'and the chunks of one';
    is scalar $stack->mongo->find('photo_uploads', {}), 0, 'no upload is left';
};

subtest 'pictures inside other bodies' => sub {
    my $session = $asha->post('/api/racks/' . $stack->rack . '/claim', undef)->data->{session_id};
    my ($item) = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
    my $now = '2026-01-05T08:00:00Z';
    my $record = { client_record_id => 'with-picture', session_id => $session, item_code => $item, verified_qty => 1, status => 'finalized', created_at => $now, updated_at => $now };
    my $sent = { %$record, photo_proofs => ['shelf'], photo_base64 => encode_base64($large) };
    my $told = $asha->post('/api/sync/batch', { records => [$sent, { %$record, client_record_id => 'with-text', photo_base64 => 'a text' }] });
    is_deeply $told->data->{ok}, ['with-picture'], 'a record with one is stored' or diag $told->text;
    is_deeply [map { "$_->{client_record_id} $_->{field} $_->{code}" } @{ $told->data->{errors} }], ['with-text photo_base64 invalid_format'], 'one with what is none is refused';
    my ($stored) = @{ $asha->get("/api/sessions/$session/records")->data->{items} };
    my ($shelf, $id) = @{ $stored->{photo_proofs} };
    is_deeply [$shelf, scalar @{ $stored->{photo_proofs} }, exists $stored->{photo_base64}], ['shelf', 2, ''], 'with its id beside the others';
    ok get($asha, $id)->body eq $large, 'which is the picture';
    is get($ben, $id)->status, 404, "the sender's";
    my $before = chunks();
    is_deeply $asha->post('/api/sync/batch', { records => [{ %$sent, photo_base64 => 'data:image/jpeg;base64,' . encode_base64url($large) }] })->data->{ok}, ['with-picture'], 'the same again is a replay';
    is_deeply $asha->post('/api/sync/batch', { records => [{ %$record, photo_proofs => ['shelf', $id] }] })->data->{ok}, ['with-picture'], 'and so it is by its id';
    is chunks(), $before, 'and the picture is stored once';

    my $picture = encode_base64(png(3, 4), '');
    my $line = { line_id => 'l1', barcode => '1', created_at => $now };
    my $lines = $asha->post('/api/count-lines', { session_id => $session, lines => [{ %$line, photo_base64 => $picture }, { %$line, line_id => 'l2', photo_base64 => 'x' }] })->data;
    is_deeply [$lines->{ok}, map { "$_->{line_id} $_->{field} $_->{code}" } @{ $lines->{errors} }], [['l1'], 'l2 photo_base64 invalid_format'], 'lines';
    my ($of_line) = @{ $asha->get("/api/count-lines?session_id=$session")->data->{items}[0]{photo_proofs} };
    is get($asha, $of_line)->header('Content-Type'), 'image/png', 'have them';
    my $find = $asha->post('/api/unknown-items', { unknown_item_id => 'found', photo_base64 => $picture });
    is_deeply [$find->status, $find->data->{photos}], [201, [$of_line]], 'a find, of which nothing else is known' or diag $find->text;
    is code($asha->post('/api/unknown-items', { unknown_item_id => 'found', photos => [$of_line] })), '200 ok', 'is the same by its id';
    my $wrong = $asha->post('/api/unknown-items', { unknown_item_id => 'other', code => 'x', photo_base64 => $picture . '!' });
    is_deeply [code($wrong), $wrong->fields], ['422 validation_failed', 'photo_base64'], 'and not with what is none';
    my $verified = $asha->patch("/api/erp/items/$item/verify", { session_id => $session, verified_qty => 2, photo_base64 => $picture, replaces => ['with-picture'] });
    is code($verified), '200 ok', 'so has what is verified by hand' or diag $verified->text;
    is_deeply [map { $_->{photo_proofs} } grep { $_->{verified_qty} == 2 } @{ $asha->get("/api/sessions/$session/records")->data->{items} }], [[$of_line]], 'with its picture';
    is code($asha->patch("/api/erp/items/$item/verify", { session_id => $session, verified_qty => 2, photo_base64 => 'x' })), '422 validation_failed', 'or not';
    my $huge = encode_base64(png(9, 9, 'x' x (8388608 - 32)), '');
    $told = $asha->post('/api/sync/batch', { records => [{ %$record, client_record_id => 'huge', photo_base64 => $huge }] });
    is_deeply [map { $_->{field} } @{ $told->data->{errors} }], ['photo_base64'], 'one that is too large is refused' or diag $told->text;
    is code($asha->post('/api/sync/batch', { records => [{ %$record, client_record_id => 'much', photo_base64 => substr($huge, 0, 11_184_808) }] })), '200 ok', 'one as large as may be is not';
};

subtest 'how many' => sub {
    is $cara->get('/api/config')->data->{photo_limits}{per_day}, 20, 'apps are told';
    is code(put($cara, "day-$_", png($_, 1))), '201 ok', "the $_." for 1 .. 20;
    my $more = put($cara, 'day-21', png(21, 1));
    is_deeply [code($more), $more->json->{error}{details}[0]{code}, $more->fields], ['422 validation_failed', 'too_many', 'client_photo_id'], 'and no more';
    is code(put($cara, 'day-20', png(20, 1))), '200 ok', 'but for those that are there';
    my $find = $cara->post('/api/unknown-items', { unknown_item_id => 'pictured', code => 'x', photo_base64 => encode_base64(png(22, 1), '') });
    is_deeply [code($find), $find->fields], ['422 validation_failed', 'photo_base64'], 'nor inside others';
    is code(put($ben, 'of-ben', png(1, 2))), '201 ok', 'others have theirs';
    $stack->mongo->update('photos.files' => { client_photo_id => 'day-1' }, { '$set' => { uploadDate => { '$date' => '2026-01-05T08:00:00Z' } } });
    is code(put($cara, 'day-21', png(21, 1))), '201 ok', 'a day later there is room';
};

done_testing;
