#!/usr/bin/env perl
# The console's page logs in: its refresh token is a cookie that no script reads, and only its own page may use it.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = $stack->users('staff');
my $nobody = $stack->client;
$nobody->{ua}->cookie_jar->ignore(sub { 1 });
my $own = $stack->client->{url};

# What a page sends: its origin, and the cookie when the browser has one.
sub page {
    my (%said) = @_;
    my %headers = ('X-StockVerify-Client' => 'console', Origin => exists $said{origin} ? $said{origin} : $own, Cookie => $said{cookie});
    $headers{Host} = $said{host} if defined $said{host};
    return (headers => \%headers);
}

sub login {
    my ($user, %said) = @_;
    return ($said{client} || $nobody)->post('/api/auth/login', { username => $user->{username}, password => $user->{password} }, page(%said));
}

sub refresh {
    my (%said) = @_;
    return ($said{client} || $nobody)->request(POST => '/api/auth/refresh', page(%said), defined $said{body} ? (json => $said{body}) : ());
}

# name=value of the cookie that was set
sub cookie_of {
    my ($answer) = @_;
    my ($pair) = split /;/, $answer->header('Set-Cookie') // '';
    return $pair;
}

subtest 'a login sets the cookie and tells no refresh token' => sub {
    my $answer = login($asha);
    is $answer->status, 200, 'logged in' or diag $answer->text;
    ok !exists $answer->data->{refresh_token}, 'none in the body';
    like $answer->header('Set-Cookie'), qr/^sv_refresh=[A-Za-z0-9_-]{43}; Path=\/api\/auth; Max-Age=604800; HttpOnly; SameSite=Strict\z/,
        'in a cookie, not Secure on this host itself';
    is $nobody->with(token => $answer->data->{access_token})->get('/api/auth/me')->status, 200, 'the access token is in the body';

    my $again = refresh(cookie => cookie_of($answer));
    is $again->status, 200, 'the cookie renews' or diag $again->text;
    ok !exists $again->data->{refresh_token}, 'and none in the body again';
    isnt cookie_of($again), cookie_of($answer), 'it is another one';
    is refresh(cookie => 'other=1; ' . cookie_of($again) . '; more=2')->status, 200, 'among other cookies';
};

subtest 'https, also where TLS ends before nginx' => sub {
    my $answer = login($asha, origin => 'https://stock.example.com', host => 'stock.example.com');
    is $answer->status, 200, 'logged in' or diag $answer->text;
    like $answer->header('Set-Cookie'), qr/^__Secure-sv_refresh=[^;]+; .*SameSite=Strict; Secure\z/, 'the cookie is Secure';
    my %https = (origin => 'https://stock.example.com', host => 'stock.example.com');
    is refresh(%https, cookie => cookie_of($answer))->status, 200, 'and renews';
    my ($value) = cookie_of($answer) =~ /=(.*)/;
    is refresh(%https, cookie => "sv_refresh=$value")->code, 'token_missing', 'not under the name of plain http';
};

subtest 'nobody else may' => sub {
    my $cookie = cookie_of(login($asha));
    for (
        [undef, undef, 'no origin'], ['null', undef, 'an opaque origin'], ['https://evil.example', undef, 'another origin'],
        ["$own.evil.example", undef, 'a name that begins like it'], ['http://10.1.2.3', '10.1.2.3', 'plain http from elsewhere'],
        ['https://stock.example.com:8443', 'stock.example.com', 'another port'],
    ) {
        my ($origin, $host, $what) = @$_;
        my %said = (origin => $origin, host => $host);
        my $refused = refresh(%said, cookie => $cookie);
        is $refused->status, 403, "$what: refused" or diag $refused->text;
        is $refused->code, 'origin_refused', "$what: why";
        is $refused->header('Set-Cookie'), undef, "$what: no cookie";
        is login($asha, %said)->code, 'origin_refused', "$what: nor a login";
    }
    my $plain = $nobody->request(POST => '/api/auth/refresh', headers => { Cookie => $cookie, Origin => $own });
    is $plain->status, 422, 'without the header the cookie is nothing' or diag $plain->text;
    is refresh(cookie => $cookie, body => { refresh_token => 'A' x 43 })->status, 422, 'nor is a token in the body taken with it';
    is refresh(cookie => $cookie)->status, 200, 'it still renews for its own page';
};

subtest 'a cookie that is none, or has ended, goes' => sub {
    is refresh()->code, 'token_missing', 'none';
    is refresh(cookie => 'sv_refresh=short')->code, 'token_missing', 'no token';
    my $unknown = refresh(cookie => 'sv_refresh=' . 'A' x 43);
    is $unknown->code, 'token_invalid', 'nobody\'s';
    like $unknown->header('Set-Cookie'), qr/^sv_refresh=; .*Max-Age=0;/, 'the browser forgets it';

    my $answer = login($asha);
    my $here = $nobody->with(token => $answer->data->{access_token});
    my $out = $here->request(POST => '/api/auth/logout', page());
    is $out->status, 200, 'logged out' or diag $out->text;
    like $out->header('Set-Cookie'), qr/^sv_refresh=; Path=\/api\/auth; Max-Age=0; HttpOnly/, 'and the cookie goes';
    my $after = refresh(cookie => cookie_of($answer));
    is $after->code, 'token_revoked', 'it renews nothing';
};

subtest 'another login on the same browser ends the one before' => sub {
    my $first = login($asha);
    my $ashas = $nobody->with(token => $first->data->{access_token});
    is $ashas->get('/api/auth/me')->status, 200, 'Asha is in';
    my $second = login($ben, cookie => cookie_of($first));
    is $second->data->{user}{username}, $ben->{username}, 'Ben logs in over her cookie';
    is $ashas->get('/api/auth/me')->code, 'token_revoked', 'her access token is refused at once';
    is refresh(cookie => cookie_of($first))->code, 'token_revoked', 'and her cookie';
    my $wrong = $nobody->post('/api/auth/login', { username => $asha->{username}, password => 'wrong' }, page(cookie => cookie_of($second)));
    is $wrong->status, 401, 'a login that fails';
    is refresh(cookie => cookie_of($second))->status, 200, 'ends nobody\'s';
};

subtest 'the console reads data whatever the location says' => sub {
    my $flat = $stack->client(url => $stack->url_flat);
    my $origin = $flat->{url};
    my $answer = login($asha, client => $flat, origin => $origin);
    is $answer->data->{user}{username}, $asha->{username}, 'of a login' or diag $answer->text;
    ok !exists $answer->json->{access_token}, 'nested only';
    my $me = $flat->with(token => $answer->data->{access_token})->get('/api/racks/floors', page(origin => $origin));
    is ref $me->data, 'ARRAY', 'of anything' or diag $me->text;
};

done_testing;
