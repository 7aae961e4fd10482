#!/usr/bin/env perl
# Logging in and out, one's own account, devices and PIN.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;

my $stack = start_stack();
my ($user) = $stack->users('staff');
my $nobody = $stack->client;

subtest 'a password logs in' => sub {
    my $answer = $nobody->post('/api/auth/login', { username => uc $user->{username}, password => $user->{password} });
    is $answer->status, 200, 'the user name in any case' or diag $answer->text;
    my $data = $answer->data;
    is $data->{token_type}, 'bearer', 'token type';
    is $data->{expires_in}, 900, 'life of the access token';
    is $data->{user}{username}, $user->{username}, 'who';
    is $data->{user}{role}, 'staff', 'role';
    ok !exists $data->{device_secret}, 'no device, no secret';
    my $me = $stack->client(token => $data->{access_token})->get('/api/auth/me');
    is $me->status, 200, 'the token works';
    is_deeply $me->data, $data->{user}, 'me is the user of the login';
    ok grep({ $_ eq 'rack.claim' } @{ $me->data->{permissions} }), 'staff may claim racks';
};

subtest 'what is wrong with a login is told by field, and not whether the user exists' => sub {
    my $wrong = $nobody->post('/api/auth/login', { username => $user->{username}, password => 'wrong' });
    my $unknown = $nobody->post('/api/auth/login', { username => 'nobody at all', password => 'wrong' });
    for ([$wrong, 'a wrong password'], [$unknown, 'an unknown user']) {
        my ($answer, $what) = @$_;
        is $answer->status, 401, $what;
        is $answer->error->{code}, 'credentials_invalid', "$what: code";
    }
    is $wrong->error->{message}, $unknown->error->{message}, 'the same message';
    for (
        [{}, 'username'], [{ username => 'x' }, 'password'], [{ username => 7, password => 'x' }, 'username'],
        [{ username => 'x', password => 'y' x 129 }, 'password'], [{ username => 'x', password => 'y', pin => '123456' }, 'password'],
        [{ username => 'x', pin => '12ab56', device_id => 'd', device_secret => 's' }, 'pin'],
        [{ username => 'x', pin => '123456', device_secret => 's' }, 'device_id'],
        [{ username => 'x', pin => '123456', device_id => 'd' }, 'device_secret'],
        [{ username => { '$ne' => 1 }, password => 'x' }, 'username'],
    ) {
        my ($body, $field) = @$_;
        my $answer = $nobody->post('/api/auth/login', $body);
        is $answer->status, 422, "$field is wrong: status" or diag $answer->text;
        ok grep({ $_->{field} eq $field } @{ $answer->error->{details} }), "$field is named" or diag $answer->text;
    }
};

subtest 'logging out ends this login at once, and all logins when asked' => sub {
    my ($one, $two, $three) = map { $stack->login($user) } 1 .. 3;
    my $answer = $one->post('/api/auth/logout');
    is $answer->status, 200, 'logged out' or diag $answer->text;
    is $answer->data->{revoked}, 1, 'one login ended';
    my $after = $one->get('/api/auth/me');
    is $after->status, 401, 'its access token is refused';
    is $after->error->{code}, 'token_revoked', 'as revoked';
    is $nobody->post('/api/auth/refresh', { refresh_token => $one->{refresh_token} })->error->{code}, 'token_revoked',
        'its refresh token is refused';
    is $two->get('/api/auth/me')->status, 200, 'another login goes on';
    is $two->post('/api/auth/logout', { all => \1 })->status, 200, 'all of them';
    is $three->get('/api/auth/me')->error->{code}, 'token_revoked', 'the third ended too';
    is $two->post('/api/auth/logout', { all => 'yes' })->status, 401, 'and so did the one that asked';
};

subtest 'a PIN logs in beside the secret of an enrolled device' => sub {
    my ($pin_user) = ($stack->users('staff'))[1];
    my %credentials = (username => $pin_user->{username});
    my $answer = $nobody->post('/api/auth/login', { %credentials, password => $pin_user->{password}, device_id => 'phone 17' });
    my $secret = $answer->data->{device_secret};
    like $secret, qr/^[\w-]{43}$/, 'the device got its secret';
    my $client = $stack->client(token => $answer->data->{access_token});

    my $refused = $client->put('/api/auth/pin', { current_password => 'wrong', pin => '493817' });
    is $refused->status, 422, 'a PIN needs the current password';
    is $refused->error->{code}, 'password_wrong', 'and says so';
    is $client->put('/api/auth/pin', { current_password => $pin_user->{password}, pin => '4938' })->status, 422, 'too short a PIN';
    my $set = $client->put('/api/auth/pin', { current_password => $pin_user->{password}, pin => '493817' });
    is $set->status, 200, 'the PIN is set' or diag $set->text;

    my %device = (%credentials, device_id => 'phone 17', device_secret => $secret);
    is $nobody->post('/api/auth/login', { %device, pin => '493817' })->status, 200, 'it logs in';
    is $nobody->post('/api/auth/login', { %device, pin => '493817', device_secret => 'x' })->error->{code},
        'credentials_invalid', 'not with another secret';
    for my $left (reverse 0 .. 9) {
        my $wrong = $nobody->post('/api/auth/login', { %device, pin => '000000' });
        is $wrong->error->{code}, 'pin_wrong', "a wrong PIN, $left tries left";
        my ($detail) = grep { $_->{code} eq 'tries_left' } @{ $wrong->error->{details} };
        is $detail->{message}, $left, 'the tries left are told';
    }
    is $nobody->post('/api/auth/login', { %device, pin => '493817' })->error->{code}, 'pin_disabled', 'after ten it is disabled';
    is $nobody->post('/api/auth/login', { %credentials, password => $pin_user->{password} })->status, 200, 'a password login';
    is $nobody->post('/api/auth/login', { %device, pin => '493817' })->status, 200, 'gives the PIN its tries back';

    my $devices = $client->get('/api/auth/devices');
    is scalar @{ $devices->data }, 1, 'one device is enrolled';
    is $devices->data->[0]{device_id}, 'phone 17', 'under its id';
    ok $devices->data->[0]{last_used_at}, 'and was used';
    ok !exists $devices->data->[0]{secret_hash}, 'its secret stays where it is';
    is $client->get('/api/auth/devices/phone%2017')->data->{device_id}, 'phone 17', 'the device by its id';
    is $client->del('/api/auth/devices/phone%2017')->status, 200, 'it is forgotten';
    is $client->del('/api/auth/devices/phone%2017')->status, 404, 'once';
    is $nobody->post('/api/auth/login', { %device, pin => '493817' })->error->{code}, 'credentials_invalid', 'and logs nobody in';
};

subtest 'a new password ends the other logins and keeps this one' => sub {
    my ($owner) = ($stack->users('staff'))[2];
    my ($mine, $other) = map { $stack->login($owner) } 1 .. 2;
    my %change = (current_password => $owner->{password}, new_password => 'staple of another kind');
    is $mine->put('/api/auth/password', { %change, current_password => 'wrong' })->error->{code}, 'password_wrong', 'the current one is asked for';
    is $mine->put('/api/auth/password', { %change, new_password => 'short' })->status, 422, 'eight characters at least';
    my $answer = $mine->put('/api/auth/password', \%change);
    is $answer->status, 200, 'changed' or diag $answer->text;
    is $answer->data->{revoked}, 1, 'one other login ended';
    is $mine->get('/api/auth/me')->status, 200, 'this login goes on';
    is $other->get('/api/auth/me')->error->{code}, 'token_revoked', 'the other does not';
    is $nobody->post('/api/auth/login', { username => $owner->{username}, password => $owner->{password} })->status, 401, 'the old password is out';
    is $nobody->post('/api/auth/login', { username => $owner->{username}, password => 'staple of another kind' })->status, 200, 'the new one is in';
};

subtest 'the configuration has an ETag that the time does not change' => sub {
    my $client = $stack->login('supervisor');
    my $first = $client->get('/api/config');
    is $first->status, 200, 'read' or diag $first->text;
    is $first->data->{sync_batch_size}, 100, 'batch size';
    is $first->data->{heartbeat_seconds}, 25, 'heartbeat';
    ok $first->data->{damage_bound}, 'more damaged than sound is refused';
    my $etag = $first->header('ETag');
    like $etag, qr/^"[0-9a-f]+"$/, 'an ETag';
    is $client->get('/api/config', headers => { 'If-None-Match' => $etag })->status, 304, 'not modified';
    is $nobody->get('/api/config')->status, 401, 'only for those who are logged in';
};

done_testing;
