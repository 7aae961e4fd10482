#!/usr/bin/env perl
# Access tokens that must not pass, and refresh tokens: one successor for many, and the end of a family.

use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(hmac_sha256);
use Mojo::JSON ();
use MIME::Base64 qw(encode_base64url);
use StockVerify::Test;

my $stack = start_stack(settings => { REFRESH_REUSE_GRACE => 2 });
my $nobody = $stack->client;

my $key = do { open my $in, '<:raw', $stack->state->{jwt_key_file} or die $!; local $/; <$in> };
$key =~ s/[\r\n]+\z//;

sub forge {
    my ($header, $payload, $secret) = @_;
    my $text = join '.', map { encode_base64url(ref $_ ? Mojo::JSON::encode_json($_) : $_) } $header, $payload;
    return "$text." . ($secret eq '' ? '' : encode_base64url(hmac_sha256($text, $secret)));
}

my $asha = $stack->login('staff');
my %good = (sub => $asha->user_id, type => 'access', gen => 0, iat => time, exp => time + 600);
my %header = (alg => 'HS256', typ => 'JWT');

subtest 'forged and broken access tokens' => sub {
    is $stack->client(token => forge(\%header, \%good, $key))->get('/api/auth/me')->status, 200, 'the forger knows how';
    my %without_exp = %good;
    delete $without_exp{exp};
    for (
        ['alg none', forge({ alg => 'none' }, \%good, '')],
        ['alg none, signed', forge({ alg => 'none' }, \%good, $key)],
        ['another algorithm named', forge({ alg => 'RS256' }, \%good, $key)],
        ['another key', forge(\%header, \%good, 'x' x 32)],
        ['an empty key', forge(\%header, \%good, "\0")],
        ['no exp', forge(\%header, \%without_exp, $key)],
        ['exp as text', forge(\%header, { %good, exp => '' . (time + 600) }, $key)],
        ['exp as fraction', forge(\%header, '{"sub":"' . $asha->user_id . '","type":"access","gen":0,"exp":99999999999.5}', $key)],
        ['not yet', forge(\%header, { %good, nbf => time + 600 }, $key)],
        ['a refresh token by type', forge(\%header, { %good, type => 'refresh' }, $key)],
        ['an unknown kid', forge({ %header, kid => 'x' }, \%good, $key)],
        ['rubbish', 'rubbish'],
        ['dots', '..'],
        ['a very long one', 'a' x 7000],
    ) {
        my ($what, $token) = @$_;
        my $answer = $stack->client(token => $token)->get('/api/auth/me');
        is $answer->status, 401, "$what: status";
        is $answer->error->{code}, 'token_invalid', "$what: code" or diag $answer->text;
        like $answer->header('WWW-Authenticate'), qr/^Bearer/, "$what: WWW-Authenticate";
    }
    is $stack->client(token => forge(\%header, { %good, exp => time - 1 }, $key))->get('/api/auth/me')->error->{code},
        'token_expired', 'expired';
    is $stack->client(token => forge(\%header, { %good, gen => 5 }, $key))->get('/api/auth/me')->error->{code},
        'token_revoked', 'of a generation there is not yet';
    is $stack->client(token => forge(\%header, { %good, sub => 'nobody' }, $key))->get('/api/auth/me')->error->{code},
        'token_revoked', 'of a user there is not';
    is $nobody->get('/api/auth/me')->error->{code}, 'token_missing', 'none';
};

sub refresh { my ($token) = @_; return [$nobody, POST => '/api/auth/refresh', json => { refresh_token => $token }] }

subtest 'fifty refreshes at once get one successor' => sub {
    my $ben = $stack->login('staff');
    my @answers = $stack->parallel(map { refresh($ben->{refresh_token}) } 1 .. 50);
    my %statuses = map { ($_->status => 1) } @answers;
    is join(' ', sort keys %statuses), '200', 'all are answered' or diag join "\n", map { $_->text } grep { $_->status != 200 } @answers;
    my %successors = map { ($_->data->{refresh_token} => 1) } @answers;
    is scalar keys %successors, 1, 'with one token';
    my ($next) = $stack->parallel(refresh(keys %successors));
    is $next->status, 200, 'which goes on';
    is $stack->client(token => $next->data->{access_token})->get('/api/auth/me')->status, 200, 'and its access token works';
};

subtest 'a late replay ends the login, a late repeat of a lost answer does not' => sub {
    my $offline = $stack->login('staff');
    my ($lost) = $stack->parallel(refresh($offline->{refresh_token}));
    my $chitra = $stack->login('staff');
    my ($second) = $stack->parallel(refresh($chitra->{refresh_token}));
    my $holder = $stack->client(token => $second->data->{access_token});
    is $holder->get('/api/auth/me')->status, 200, 'the successor is in use';
    my ($again) = $stack->parallel(refresh($chitra->{refresh_token}));
    is $again->data->{refresh_token}, $second->data->{refresh_token}, 'another tab gets the same a moment later';
    my $late;
    wait_until(sub { ($late) = $stack->parallel(refresh($chitra->{refresh_token})); $late->status != 200 }, 15, 'the end of the grace');
    is $late->status, 401, 'after the grace it is refused';
    is $late->error->{code}, 'token_reused', 'as reused';
    my ($dead) = $stack->parallel(refresh($second->data->{refresh_token}));
    is $dead->error->{code}, 'token_revoked', 'the live refresh token is dead';
    is $holder->get('/api/auth/me')->error->{code}, 'token_revoked', 'and so is its access token';

    my ($found) = $stack->parallel(refresh($offline->{refresh_token}));
    is $found->status, 200, 'whose answer was lost before is let in still' or diag $found->text;
    is $found->data->{refresh_token}, $lost->data->{refresh_token}, 'with the same successor';
    is $stack->client(token => $found->data->{access_token})->get('/api/auth/me')->status, 200, 'which is used now';
    my ($theft) = $stack->parallel(refresh($offline->{refresh_token}));
    is $theft->error->{code}, 'token_reused', 'and then the predecessor is a thief\'s';
    my ($ended) = $stack->parallel(refresh($lost->data->{refresh_token}));
    is $ended->error->{code}, 'token_revoked', 'so the login ends';
};

subtest 'whether a successor is in use is asked of Redis only' => sub {
    my $gabi = $stack->login('staff');
    my ($second) = $stack->parallel(refresh($gabi->{refresh_token}));
    my $marks = sub { my $keys = $stack->redis->command('KEYS', 'refresh:used:*'); return scalar @$keys };
    my $before = $marks->();
    my $holder = $stack->client(token => $second->data->{access_token});
    $holder->get('/api/auth/me') for 1 .. 3;
    is $marks->(), $before + 1, 'its use is noted';
    my ($third) = $stack->parallel(refresh($second->data->{refresh_token}));
    is $third->status, 200, 'it is spent';
    is $marks->(), $before, 'and the note goes with it';
    is $stack->login($gabi->user)->get('/api/auth/me')->status, 200, 'another login';
    is $marks->(), $before, 'whose first token has no predecessor';
};

subtest 'refresh tokens that are none' => sub {
    for ('x', 'A' x 43, $asha->token) {
        my ($answer) = $stack->parallel(refresh($_));
        is $answer->error->{code}, $_ eq $asha->token && length > 512 ? 'validation_failed' : 'token_invalid', 'refused: ' . substr $_, 0, 12;
    }
    is $nobody->post('/api/auth/refresh', {})->status, 422, 'missing';
    is $nobody->post('/api/auth/refresh', { refresh_token => 5 })->status, 422, 'a number';
};

subtest 'an account ended by an administrator' => sub {
    my $dev = $stack->login('staff');
    my ($text, $status) = $stack->ctl(['users', 'disable', $dev->user->{username}]);
    is $status, 0, 'disabled' or diag $text;
    is $dev->get('/api/auth/me')->error->{code}, 'account_disabled', 'is out at once';
    my ($answer) = $stack->parallel(refresh($dev->{refresh_token}));
    is $answer->error->{code}, 'account_disabled', 'and refreshes nothing';
    is $nobody->post('/api/auth/login', { username => $dev->user->{username}, password => $dev->user->{password} })->error->{code},
        'account_disabled', 'and cannot log in';
    $stack->ctl(['users', 'enable', $dev->user->{username}]);
    is $dev->get('/api/auth/me')->error->{code}, 'token_revoked', 'old tokens stay dead';
    is $stack->login($dev->user)->get('/api/auth/me')->status, 200, 'a new login works';
};

subtest 'Redis emptied' => sub {
    my $eva = $stack->login('staff');
    $stack->redis->command('FLUSHALL');
    is $eva->get('/api/auth/me')->status, 200, 'accounts are read again from MongoDB';
    is $stack->redis->command('HGET', 'auth:user:' . $eva->user_id, 'enabled'), 1, 'and kept again';
};

subtest 'an ended login stays ended when Redis is emptied' => sub {
    my $fay = $stack->login('staff');
    my $other = $stack->login($fay->user);
    is $fay->post('/api/auth/logout', {})->status, 200, 'logged out';
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'the token is dead';
    $stack->redis->command('FLUSHALL');
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'and dead in an empty Redis';
    is $other->get('/api/auth/me')->status, 200, 'another login of the same user lives';
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'the dead one does not pass behind it';

    $stack->redis->command('FLUSHALL');
    is $other->get('/api/auth/me')->status, 200, 'the other one comes first';
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'and brings the end of the dead one with it';

    $stack->redis->command('FLUSHALL');
    is $stack->login($fay->user)->get('/api/auth/me')->status, 200, 'a new login comes first';
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'and revives nothing';

    $stack->redis->command('FLUSHALL');
    $stack->login($fay->user);
    is $fay->get('/api/auth/me')->error->{code}, 'token_revoked', 'nor does one that made no request yet';

    $stack->redis->command('FLUSHALL');
    my %shift = (session_id => 'none', rack_id => 'none');
    is $fay->post('/api/sync/heartbeat', \%shift)->error->{code}, 'token_revoked', 'a heartbeat asks too';
    isnt $other->post('/api/sync/heartbeat', \%shift)->code, 'token_revoked', 'and lets the other login beat';
    is $fay->post('/api/sync/heartbeat', \%shift)->error->{code}, 'token_revoked', 'but the ended one not behind it';
};

subtest 'a reused refresh token ends the login in an empty Redis as well' => sub {
    my $gita = $stack->login('staff');
    my ($second) = $stack->parallel(refresh($gita->{refresh_token}));
    my ($third) = $stack->parallel(refresh($second->data->{refresh_token}));
    my ($reused) = $stack->parallel(refresh($gita->{refresh_token}));
    is $reused->error->{code}, 'token_reused', 'not the immediate predecessor';
    $stack->redis->command('FLUSHALL');
    is $stack->client(token => $third->data->{access_token})->get('/api/auth/me')->error->{code}, 'token_revoked', 'ended';
};

done_testing;
