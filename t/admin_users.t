#!/usr/bin/perl
# Accounts, as administrators make, find, change and disable them.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $admin = $stack->login('admin');
my $nobody = $stack->client;
my $users = '/api/admin/users';

sub login { my ($username, $password) = @_; return $nobody->post('/api/auth/login', { username => $username, password => $password }) }

sub names { my (%query) = @_; return [map { $_->{username} } @{ $admin->get($users, query => \%query)->data->{items} }] }

subtest 'a new account' => sub {
    my $made = $admin->post($users, { username => 'Zoe', full_name => "Zo\x{e9} Brown", role => 'staff', warehouse => 'W9', password => 'correct horse' });
    is $made->status, 201, 'is made';
    is $made->header('Location'), "$users/" . $made->data->{user_id}, 'and tells where it is';
    is_deeply [@{ $made->data }{qw(username full_name role warehouse enabled has_pin last_login_at)}],
        ['zoe', "Zo\x{e9} Brown", 'staff', 'W9', Cpanel::JSON::XS::true(), Cpanel::JSON::XS::false(), undef], 'as it was given';
    unlike $made->text, qr/argon2|correct horse/, 'without its password';
    is login('ZOE', 'correct horse')->status, 200, 'which logs in';
    is_deeply $admin->get("$users/" . $made->data->{user_id})->data->{username}, 'zoe', 'and is found by its id';
    is $admin->post($users, { username => 'zoe', full_name => 'Another', role => 'staff', password => 'correct horse' })->code, 'already_exists', 'a name is taken once';
    is $admin->post($users, { username => 'a b/c', user_id => 'a b/c', full_name => 'Odd', role => 'staff', password => 'correct horse' })->header('Location'),
        "$users/a%20b%2Fc", 'an id is told as an address';
    is $admin->get("$users/a%20b%2Fc")->data->{full_name}, 'Odd', 'which leads to it';
    is_deeply [sort $admin->post($users, { username => 'x', full_name => '', role => 'king', password => 'short' })->fields], [qw(full_name password role)],
        'what is wrong is named';
    is_deeply [$admin->post($users, { username => 'x', full_name => 'X', role => 'staff', password => 'correct horse', disabled => \1 })->fields], ['disabled'],
        'and a name that would mean something else';
};

subtest 'lists' => sub {
    is_deeply names(q => 'BROWN'), ['zoe'], 'by part of a name';
    is_deeply names(q => 'o.e'), [], 'letter by letter';
    is_deeply names(warehouse => 'W9'), ['zoe'], 'by warehouse';
    my @all = map { $_->{username} } $stack->users;
    my %staff = map { ($_ => 1) } @{ names(role => 'staff', limit => 500) };
    ok !(grep { !$staff{ $_->{username} } } grep { $_->{role} eq 'staff' } $stack->users), 'by role';
    my $sorted = names(limit => 500);
    is_deeply $sorted, [sort @$sorted], 'sorted by name';
    cmp_ok scalar(@$sorted), '>=', @all, 'all of them';
    for my $sort (qw(username -username full_name -last_login_at created_at -role enabled)) {
        my (@walked, $cursor);
        do {
            my $page = $admin->get($users, query => { sort => $sort, limit => 7, $cursor ? (cursor => $cursor) : () })->data;
            push @walked, map { $_->{username} } @{ $page->{items} };
            $cursor = $page->{next_cursor};
        } while ($cursor);
        is_deeply [sort @walked], $sorted, "by $sort, page by page, each once";
    }
    my $cursor = $admin->get($users, query => { limit => 1 })->data->{next_cursor};
    is $admin->get($users, query => { limit => 1, sort => '-role', cursor => $cursor })->code, 'cursor_invalid', 'a cursor of another order is none';
};

subtest 'names, for supervisors' => sub {
    my $boss = $stack->login('supervisor');
    my ($cursor, @people);
    do {
        my $page = $boss->get('/api/people', query => { limit => 7, $cursor ? (cursor => $cursor) : () })->data;
        push @people, @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    is_deeply [sort map { $_->{username} } @people], names(limit => 500), 'everybody, once';
    is_deeply [sort keys %{ $people[0] }], [qw(enabled full_name role user_id username warehouse)], 'no more than a name';
    my @here = @{ $boss->get('/api/people', query => { warehouse => 'W9', limit => 500 })->data->{items} };
    is_deeply [grep { defined && $_ ne 'W9' } map { $_->{warehouse} } @here], [], 'of a warehouse, or of none';
    ok +(grep { $_->{username} eq 'zoe' } @here), 'those who work there';
    is $stack->login('staff')->get('/api/people')->code, 'forbidden', 'not for staff';
};

subtest 'changes' => sub {
    my $asha = $stack->login('staff');
    my $path = "$users/" . $asha->user_id;
    is $admin->patch($path, { role => 'supervisor', full_name => 'Asha R', warehouse => '' })->data->{role}, 'supervisor', 'role, name, warehouse';
    is_deeply [@{ $asha->get('/api/auth/me')->data }{qw(role full_name warehouse)}], ['supervisor', 'Asha R', undef], 'are the user\'s at once';
    is $admin->patch($path, {})->data->{full_name}, 'Asha R', 'nothing asked, nothing changed';
    my $before = $admin->get($path)->data;
    is_deeply [$admin->patch($path, { role => 'king', full_name => 'Changed' })->fields], ['role'], 'a wrong one is named';
    is_deeply $admin->get($path)->data, $before, 'and nothing of it was written';
    is $admin->patch("$users/none", { role => 'staff' })->code, 'not_found', 'who is not there cannot change';
};

subtest 'disabled' => sub {
    my $ben = $stack->login('staff');
    my $user = $ben->user;
    my $path = "$users/" . $ben->user_id;
    my $rack = $stack->rack;
    my $session = $ben->post("/api/racks/$rack/claim", {})->data->{session_id};
    my $answer = $admin->del($path);
    ok !$answer->data->{enabled}, 'an account is disabled';
    my %again = (token => $ben->token);
    is $nobody->with(%again)->get('/api/auth/me')->code, 'account_disabled', 'its tokens end at once';
    is $nobody->with(%again)->post("/api/sessions/$session/heartbeat", {})->code, 'account_disabled', 'so do its heartbeats';
    is login($user->{username}, $user->{password})->status, 401, 'and it does not log in';
    is_deeply names(status => 'disabled'), [$user->{username}], 'it is listed';
    is $admin->del($path)->status, 200, 'to do it again changes nothing';
    ok $admin->patch($path, { enabled => \1 })->data->{enabled}, 'it can come back';
    is login($user->{username}, $user->{password})->status, 200, 'with its password';
    is $nobody->with(%again)->get('/api/auth/me')->code, 'token_revoked', 'not with its old tokens';
};

subtest 'logins ended and passwords reset' => sub {
    my $carl = $stack->login('staff');
    my $user = $carl->user;
    my $path = "$users/" . $carl->user_id;
    my $old = $nobody->with(token => $carl->token);
    is $admin->post("$path/revoke")->data->{revoked}, 1, 'a login is ended';
    is $old->get('/api/auth/me')->code, 'token_revoked', 'at once';
    my $new = $nobody->with(token => login($user->{username}, $user->{password})->data->{access_token});
    is $admin->post("$path/reset-password", { password => 'quite another' })->status, 200, 'a password is reset';
    is $new->get('/api/auth/me')->code, 'token_revoked', 'which ends logins';
    is login($user->{username}, 'quite another')->status, 200, 'and is the new one';
    is_deeply [$admin->post("$path/reset-password", { password => 'short' })->fields], ['password'], 'a short one is none';
    is $admin->post("$users/none/reset-password", { password => 'quite another' })->code, 'not_found', 'nor one of nobody';
};

subtest 'the last administrator' => sub {
    my $me = "$users/" . $admin->user_id;
    my @others = grep { $_->{user_id} ne $admin->user_id } @{ $admin->get($users, query => { role => 'admin', limit => 500 })->data->{items} };
    $admin->del("$users/$_->{user_id}") for @others;
    for my $try ([DELETE => $me], [PATCH => $me, json => { role => 'staff' }], [PATCH => $me, json => { enabled => \0 }]) {
        is $admin->request(@$try)->code, 'last_admin', "stays: $try->[0]";
    }
    is $admin->get($me)->data->{role}, 'admin', 'as it was';
    my $other = $admin->post($users, { username => 'second', full_name => 'Second', role => 'admin', password => 'correct horse' })->data;
    is $admin->patch($me, { full_name => 'Renamed' })->status, 200, 'its name may change';
    is $admin->del("$users/$other->{user_id}")->status, 200, 'the one before the last may go';
};

subtest 'the trail' => sub {
    my @actions = map { $_->{action} } $stack->mongo->find(activity_logs => { user_id => $admin->user_id });
    for my $action (qw(user.create user.change user.disable user.revoke user.reset_password)) {
        ok scalar(grep { $_ eq $action } @actions), "$action is in it";
    }
};

done_testing;
