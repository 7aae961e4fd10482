#!/usr/bin/env perl
# Guessing passwords: growing waits, for names that exist and names that do not, the same time for both, and no way to
# keep the floor's people out of their PINs.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;
use Time::HiRes 'time';

my $stack = start_stack(settings => { LOGIN_ATTEMPTS => 3, LOGIN_ADDRESS_ATTEMPTS => 1000 });
my $nobody = $stack->client;
my ($user) = $stack->users('staff');

sub try_login {
    my ($username, $password) = @_;
    return $nobody->post('/api/auth/login', { username => $username, password => $password });
}

sub let_wait_end {
    my ($username) = @_;
    $stack->redis->command('HSET', "login:fail:$username", 'next', 0);
    return;
}

for my $case (['an account', $user->{username}], ['a name without an account', 'nobody.at.all']) {
    my ($what, $username) = @$case;
    subtest "$what has three tries, then waits that grow" => sub {
        is try_login($username, 'wrong')->status, 401, 'a wrong password' for 1 .. 3;
        my $before = 0;
        # Waits of seconds may be over before the next request; from eight on they are looked at.
        for my $wait (1, 2, 4, 8, 16, 32) {
            if ($wait >= 8) {
                my $refused = try_login($username, 'wrong');
                is $refused->status, 429, 'the next must wait';
                is $refused->code, 'login_throttled', 'and is told so';
                my $seconds = $refused->header('Retry-After');
                ok $seconds > $before && $seconds <= $wait, "longer than before ($seconds s of $wait)";
                is try_login($username, $user->{password})->status, 429, 'the right password waits as well';
                $before = $wait / 2;
            }
            let_wait_end($username);
            is try_login($username, 'wrong')->status, 401, 'after the wait one more is let through';
        }
        let_wait_end($username);
    };
}

subtest 'a good login ends the waits' => sub {
    is try_login($user->{username}, $user->{password})->status, 200, 'the right password';
    is try_login($user->{username}, 'wrong')->status, 401, 'and wrong ones have their tries again' for 1 .. 3;
};

subtest 'guesses sent at once are counted as well' => sub {
    my @answers = $stack->parallel(map { [$nobody, POST => '/api/auth/login',
        json => { username => 'parallel', password => "guess $_" }] } 1 .. 30);
    my $tried = grep { $_->status == 401 } @answers;
    my $refused = grep { $_->status == 429 } @answers;
    is $tried + $refused, 30, 'each was tried or refused';
    # The first wait is a second: few more get through however slow the machine.
    cmp_ok $tried, '<', 10, "few were tried ($tried)";
};

subtest 'waits for the password do not keep a PIN out' => sub {
    my ($owner) = ($stack->users('staff'))[1];
    my %name = (username => $owner->{username});
    my $login = $nobody->post('/api/auth/login', { %name, password => $owner->{password}, device_id => 'phone' });
    my $client = $stack->client(token => $login->data->{access_token});
    is $client->put('/api/auth/pin', { current_password => $owner->{password}, pin => '493817' })->status, 200, 'a PIN';
    try_login($owner->{username}, 'wrong') for 1 .. 3;
    for (1 .. 4) {
        let_wait_end($owner->{username});
        try_login($owner->{username}, 'wrong');
    }
    is try_login($owner->{username}, $owner->{password})->status, 429, 'the password waits';
    is $nobody->post('/api/auth/login', { %name, pin => '493817', device_id => 'phone',
        device_secret => $login->data->{device_secret} })->status, 200, 'the PIN on its device does not';
    is $client->put('/api/auth/pin', { current_password => 'wrong', pin => '493817' })->status, 429,
        'who holds the phone guesses no faster';
};

sub median { my @sorted = sort { $a <=> $b } @_; return $sorted[@sorted / 2] }

subtest 'an unknown user takes the time of a wrong password' => sub {
    my (@known, @unknown);
    # Taken in turns, so that whatever else the machine does slows both.
    for my $round (1 .. 21) {
        for ([$user->{username}, \@known], ["nobody$round", \@unknown]) {
            my ($username, $times) = @$_;
            $stack->redis->command('DEL', "login:fail:$username");
            my $start = time;
            is try_login($username, 'wrong password')->status, 401, 'refused' or last;
            push @$times, time - $start;
        }
    }
    my ($known, $unknown) = (median(@known), median(@unknown));
    my $ratio = $known / $unknown;
    # Without the decoy an unknown user answers in a tenth of the time.
    ok $ratio > 0.5 && $ratio < 2, sprintf 'medians of %.1f ms and %.1f ms are alike', $known * 1000, $unknown * 1000;
};

SKIP: {
    skip 'Redis is not ours to stop', 1 unless $stack->owns('redis');
    subtest 'without Redis the tries are counted in MongoDB' => sub {
        $stack->expect_log(qr/redis/i);
        $stack->stop_part('redis');
        my $answer;
        # Twice the tries and one more: a minute may end in between.
        for (1 .. 7) {
            $answer = try_login('guessed without redis', 'wrong');
            last if $answer->status == 429;
            is $answer->status, 401, 'a try';
        }
        is $answer->status, 429, 'then a wait' or diag $answer->text;
        ok $answer->header('Retry-After') <= 60, 'of a minute at most';
        is try_login($user->{username}, $user->{password})->status, 200, 'others log in';
        $stack->start_part('redis');
    };
}

done_testing;
