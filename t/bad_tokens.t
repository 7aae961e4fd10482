#!/usr/bin/perl
# Access tokens against a stack that signs with RSA: confused algorithms, wrong claims, rotation; and what ends a token.
use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use File::Temp ();
use Mojo::JSON ();
use MIME::Base64 qw(encode_base64url decode_base64url);
use StockVerify::Test;

my $keys = File::Temp->newdir;

sub openssl {
    my (@words) = @_;
    system("openssl @words 2>/dev/null") == 0 or die "openssl @words\n";
    return;
}

for my $name (qw(first second stranger)) {
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $keys/$name.pem");
    openssl("pkey -in $keys/$name.pem -pubout -out $keys/$name.pub");
    chmod 0600, "$keys/$name.pem";
}

sub file { my ($name) = @_; open my $in, '<:raw', "$keys/$name" or die "$name: $!\n"; local $/; return scalar <$in> }

my %names = (JWT_ISSUER => 'https://stock.example', JWT_AUDIENCE => 'phones');
my $stack = start_stack(settings => { JWT_ALGORITHM => 'RS256', JWT_KEY_FILE => "$keys/first.pem", JWT_KEY_ID => 'first', %names });
my $asha = $stack->login('staff');
my $nobody = $stack->client;
my $me = '/api/auth/me';

sub part { my ($value) = @_; return encode_base64url(ref $value ? Mojo::JSON::encode_json($value) : $value) }

sub rsa_signature {
    my ($text, $key) = @_;
    my ($in, $out) = map { File::Temp->new(DIR => $keys) } 1 .. 2;
    print {$in} $text;
    close $in;
    openssl("dgst -sha256 -sign $keys/$key.pem -out $out $in");
    open my $signature, '<:raw', "$out" or die "$out: $!\n";
    local $/;
    return scalar <$signature>;
}

# A token of these parts, signed with the key of that name.
sub token {
    my ($header, $payload, $key) = @_;
    my $text = join '.', part($header), part($payload);
    return "$text." . encode_base64url(rsa_signature($text, $key // 'first'));
}

sub hmac_token {
    my ($header, $payload, $secret) = @_;
    my $text = join '.', part($header), part($payload);
    return "$text." . encode_base64url(hmac_sha256($text, $secret));
}

my %header = (alg => 'RS256', typ => 'JWT', kid => 'first');
my %claims = (sub => $asha->user_id, type => 'access', gen => 0, iat => time, exp => time + 600, iss => $names{JWT_ISSUER}, aud => 'phones');

sub without { my ($name) = @_; my %rest = %claims; delete $rest{$name}; return \%rest }

# The claims with one value as raw JSON, where Perl has no such value.
sub with_raw {
    my ($name, $value) = @_;
    return Mojo::JSON::encode_json(without($name)) =~ s/\}$/,"$name":$value}/r;
}

sub told { my ($token, @rest) = @_; my $answer = $stack->client(token => $token)->get($me, @rest); return $answer->status . ' ' . $answer->code }

subtest 'what the server signs' => sub {
    my ($head, $payload) = map { Mojo::JSON::decode_json(decode_base64url($_)) } (split /\./, $asha->token)[0, 1];
    is "$head->{alg} $head->{kid}", 'RS256 first', 'algorithm and key';
    is "$payload->{iss} $payload->{aud} $payload->{type}", "$names{JWT_ISSUER} phones access", 'issuer, audience, type';
    is $payload->{exp} - $payload->{iat}, 900, 'fifteen minutes';
    is told($asha->token), '200 ', 'its own token';
    is told(token(\%header, \%claims)), '200 ', 'and one made like it: the forger knows how';
};

subtest 'confused algorithms' => sub {
    my $public = file('first.pub');
    for my $secret ($public, $public =~ s/\n\z//r, $public =~ s/-----[^\n]*\n|\n//gr, '', "\0", 'first', file('first.pem')) {
        is told(hmac_token({ %header, alg => $_ }, \%claims, $secret)), '401 token_invalid', "$_ with a key of " . length($secret) . ' bytes'
            for qw(HS256 RS256);
    }
    for my $alg ('none', 'None', 'NONE', 'nOnE', 'rs256', 'RS384', 'RS512', 'PS256', 'ES256', 'HS512', '', undef, 1, ['RS256'], { RS256 => 1 }) {
        my %changed = (%header, alg => $alg);
        my $said = ref $alg ? ref $alg : $alg // 'null';
        is told(token(\%changed, \%claims)), '401 token_invalid', "alg $said, signed";
        is told(join '.', part(\%changed), part(\%claims), ''), '401 token_invalid', "alg $said, unsigned";
        is told(join '.', part(\%changed), part(\%claims)), '401 token_invalid', "alg $said, without a third part";
    }
    is told(token('{"alg":"none","alg":"RS256","kid":"first"}', \%claims)), '401 token_invalid', 'two algorithms';
    is told(token({ %header, crit => ['exp'] }, \%claims)), '401 token_invalid', 'a header that must be understood';
    is told(token({ %header, jku => 'https://evil.example/keys', jwk => { kty => 'RSA' }, x5u => 'https://evil.example' }, \%claims, 'stranger')),
        '401 token_invalid', 'a header that brings its own key';
    is told(token({ %header, kid => $_ }, \%claims)), '401 token_invalid', "key id " . (s/[^ -~]/?/gr =~ s/.{40}\K.*//r)
        for '', '../first', '/dev/null', "first\0", "first' OR '1'='1", 'x' x 2000;
    is told(token({ alg => 'RS256' }, \%claims)), '401 token_invalid', 'no key id where keys have one';
    is told(token(\%header, \%claims, 'stranger')), '401 token_invalid', 'another key';
};

subtest 'claims' => sub {
    is told(token(\%header, without($_))), '401 token_invalid', "no $_" for qw(sub type gen exp iss aud);
    my $in_time = time + 600;
    for (
        ['exp', qq("$in_time")], ['exp', "$in_time.5"], ['exp', '1e12'], ['exp', 'true'], ['exp', '[]'], ['exp', '-1'], ['exp', '99999999999999999999'],
        ['nbf', '"0"'], ['nbf', $in_time], ['iat', '"x"'], ['gen', '"0"'], ['gen', '0.0'], ['gen', '-1'], ['gen', 'null'],
        ['sub', '""'], ['sub', '7'], ['sub', '{"$ne":""}'], ['sub', '["a"]'], ['sub', '"a\u0000b"'], ['sub', '"a\nb"'], ['sub', '"' . 'x' x 129 . '"'],
        ['fam', '7'], ['fam', '"a\r\nb"'], ['type', '"refresh"'], ['type', '"Access"'], ['type', '["access"]'],
        ['iss', '"https://stock.example/"'], ['iss', '["https://stock.example"]'], ['iss', '""'],
        ['aud', '"phone"'], ['aud', '""'], ['aud', '[]'], ['aud', '["tablets",7]'], ['aud', '{"phones":1}'],
    ) {
        my ($name, $value) = @$_;
        is told(token(\%header, with_raw($name, $value))), '401 token_invalid', "$name " . substr $value, 0, 30;
    }
    is told(token(\%header, with_raw(aud => '["tablets","phones"]'))), '200 ', 'one audience of several';
    is told(token(\%header, { %claims, exp => $_ })), '401 token_expired', "expired at $_" for 0, 1, time - 1;
    is told(token(\%header, Mojo::JSON::encode_json(\%claims) =~ s/\}$/,"exp":99999999999}/r)), '401 token_invalid', 'two ends';
    is told(token(\%header, $_)), '401 token_invalid', "a payload that is " . s/[^ -~]/?/gr for 'null', '[]', '7', '{', "\xff";
    is told(token(\%header, { %claims, sub => 'somebody', role => 'admin' })), '401 token_revoked', 'nobody there is';
    my $admin = $stack->client(token => token(\%header, { %claims, role => 'admin', permissions => ['*'] }));
    is $admin->get($me)->data->{role}, 'staff', 'a role in a token is nobody\'s';
};

subtest 'tampered and misshapen' => sub {
    my ($head, $payload, $signature) = split /\./, $asha->token;
    my ($other) = $stack->users('supervisor');
    is told("$head." . part({ %claims, gen => 0, exp => time + 90000 }) . ".$signature"), '401 token_invalid', 'another payload';
    is told(part({ %header, typ => 'jwt' }) . ".$payload.$signature"), '401 token_invalid', 'another header';
    my @tampered = map { my $copy = $asha->token; substr($copy, $_ * 17 % (length($copy) - 1), 1) =~ tr/A-Za-z0-9/B-ZAb-za1-90/; $copy } 1 .. 40;
    is_deeply [grep { $_ ne $asha->token && told($_) ne '401 token_invalid' } @tampered], [], 'a letter changed anywhere';
    is told($_), '401 token_invalid', 'misshapen: ' . substr $_, -20
        for "$head.$payload", "$head.$payload.", ".$payload.$signature", "$head..$signature", $asha->token . '.x', $asha->token . '=', "\"" . $asha->token . '"',
        $asha->token =~ s/\./../r, $asha->token . ' x', substr($asha->token, 0, -5), 'x' x 7000, '.' x 7000, $asha->{refresh_token}, 'null', '%00';
    my %schemes = ('Basic ' . $asha->token => 'token_missing', 'Bearer' => 'token_missing', 'Bearer ' => 'token_missing', $asha->token => 'token_missing',
        'Bearer:' . $asha->token => 'token_missing', 'Token token="' . $asha->token . '"' => 'token_missing');
    for my $value (sort keys %schemes) {
        my $answer = $nobody->get($me, headers => { Authorization => $value });
        is $answer->status . ' ' . $answer->code, "401 $schemes{$value}", 'the scheme ' . substr $value, 0, 12;
    }
    is $nobody->get($me, headers => { Authorization => 'bEARER   ' . $asha->token . '  ' })->status, 200, 'a scheme has no case';
    is $nobody->get("$me?access_token=" . $asha->token)->status, 401, 'a token in the query is none';
    is $nobody->get($me, headers => { Cookie => 'access_token=' . $asha->token })->status, 401, 'nor one in a cookie';
    is $stack->client(token => 'x' x 20_000)->get($me)->status, 431, 'a token of twenty kilobytes';
    is $nobody->post('/api/auth/refresh', { refresh_token => $_ })->status, length > 512 ? 422 : 401, 'no refresh token: ' . substr $_, 0, 10
        for $asha->token, substr($asha->{refresh_token}, 0, -1), $asha->{refresh_token} . 'A', lc $asha->{refresh_token}, '$ne', ' ' x 43;
};

# Every kind of route: one that asks MongoDB, one of Redis alone, one with a gate of its own.
my $rack = $stack->rack;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};

sub everywhere {
    my ($client) = @_;
    my @answers = ($client->get($me), $client->get('/api/sync/conflicts'), $client->post("/api/sessions/$session/heartbeat"),
        $client->post('/api/sync/heartbeat', { session_id => $session }), $client->post('/api/sync/batch', { records => [] }),
        $client->post("/api/racks/$rack/claim", {}));
    my %told = map { ($_->status . ' ' . $_->code => 1) } @answers;
    return join ', ', sort keys %told;
}

subtest 'ends of a token' => sub {
    is everywhere($asha), '200 ', 'a good token works everywhere';
    my $second = $stack->login($asha->user);
    $second->post('/api/auth/logout');
    is everywhere($second), '401 token_revoked', 'after logging out nowhere';
    $stack->redis->command('FLUSHALL');
    my $told = told($asha->token);
    is $told, '200 ', 'another login of the user lives on';
    my ($text, $status) = $stack->ctl(['users', 'revoke', $asha->user->{username}]);
    is $status, 0, 'all logins ended by an administrator' or diag $text;
    is everywhere($asha), '401 token_revoked', 'at once, everywhere';
    is told(token(\%header, { %claims, gen => 99 })), '401 token_revoked', 'a generation to come is none';
    $asha = $stack->login($asha->user);
    is everywhere($asha), '200 ', 'a new login works';
    my $renewed = $nobody->post('/api/auth/refresh', { refresh_token => $asha->{refresh_token} })->data;
    is $stack->client(token => $renewed->{refresh_token})->get($me)->code, 'token_invalid', 'a refresh token opens nothing';
    is $nobody->post('/api/auth/refresh', { refresh_token => $renewed->{access_token} })->status, 422, 'an access token renews nothing';
    $stack->ctl(['users', 'disable', $asha->user->{username}]);
    is everywhere($asha), '401 account_disabled', 'a disabled account is out everywhere';
    is $nobody->post('/api/auth/refresh', { refresh_token => $renewed->{refresh_token} })->code, 'account_disabled', 'and renews nothing';
    $stack->redis->command('FLUSHALL');
    is everywhere($asha), '401 account_disabled', 'also with an empty Redis';
};

subtest 'a role taken away' => sub {
    my $boss = $stack->login('supervisor');
    my $name = $boss->user->{username};
    is $boss->post('/api/sessions/bulk/close', { session_ids => ['none'] })->status, 200, 'a supervisor';
    my ($text, $status) = $stack->ctl(['users', 'set-role', $name, 'staff']);
    is $status, 0, 'becomes staff' or diag $text;
    my $answer = $boss->post('/api/sessions/bulk/close', { session_ids => ['none'] });
    like $answer->status . ' ' . $answer->code, qr/^(?:403 forbidden|401 token_revoked)$/, 'and has no such power with the old token';
    my $again = $stack->login($boss->user);
    is $again->get($me)->data->{role}, 'staff', 'nor with a new one';
    is $again->post('/api/sessions/bulk/close', { session_ids => ['none'] })->code, 'forbidden', 'as the gate says';
};

# Writes other keys into the configuration and reloads it.
sub rotate {
    my (%set) = @_;
    my $file = $stack->state->{directory} . '/nginx.conf';
    open my $in, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/^\s*stockverify_jwt_(?:key_file|key_id|previous_key_file|previous_key_id)\b.*\n//mg;
    my $lines = join '', map { "    stockverify_$_ $set{$_};\n" } sort keys %set;
    $text =~ s/^(http \{\n)/$1$lines/m or die "no http block\n";
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    my %old = map { ($_ => 1) } $stack->workers;
    $stack->reload;
    wait_until { !grep { $old{$_} } $stack->workers } 30, 'the old processes to end';
    return;
}

subtest 'rotation' => sub {
    my $ben = $stack->login('staff');
    rotate(jwt_key_file => "$keys/second.pem", jwt_key_id => 'second', jwt_previous_key_file => "$keys/first.pub", jwt_previous_key_id => 'first');
    is told($ben->token), '200 ', 'the token of the key before still works';
    my $fresh = $stack->login($ben->user);
    is Mojo::JSON::decode_json(decode_base64url((split /\./, $fresh->token)[0]))->{kid}, 'second', 'new tokens are signed with the new key';
    is told($fresh->token), '200 ', 'and work';
    my %of_ben = (%claims, sub => $ben->user_id);
    is told(token({ %header, kid => 'second' }, \%of_ben, 'first')), '401 token_invalid', 'a key does not sign under the other\'s name';
    is told(hmac_token({ %header, alg => 'HS256' }, \%of_ben, file('first.pub'))), '401 token_invalid', 'the previous key\'s file is no secret';
    rotate(jwt_key_file => "$keys/second.pem", jwt_key_id => 'second');
    is told($ben->token), '401 token_invalid', 'once the previous key is gone its tokens are';
    is told($fresh->token), '200 ', 'those of the new one stay';
    is $nobody->post('/api/auth/refresh', { refresh_token => $ben->{refresh_token} })->status, 200, 'and a refresh brings everybody over';
};

done_testing;
