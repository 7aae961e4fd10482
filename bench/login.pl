# Refused logins of an account whose bcrypt hash was imported and not yet replaced, of one with a hash of today, and of a
# name that nobody has, one after the other in turn: whoever guesses names must not be told by the time. Then the same
# once no bcrypt hash is left.

use strict;
use warnings;
use List::Util qw(shuffle sum0);
use StockVerify::Bench;
use Time::HiRes qw(time);

my ($LOGINS_A_SECOND, $PASSWORD) = (25, 'a password of before');    # of each kind, of --seconds
my %NAMES = ('a bcrypt hash' => 'before', 'a hash of today' => 'today', 'a name of nobody' => 'nobody');

sub add_accounts {
    my ($bench) = @_;
    my $bcrypt = crypt $PASSWORD, '$2b$12$' . join '', map { ('a' .. 'z')[rand 26] } 1 .. 21, 'e';
    die "login: this system's crypt() knows no bcrypt\n" unless defined $bcrypt && length $bcrypt == 60;
    $bench->ctl('users', 'import', $bench->write_file('today.csv', "username,full_name,role,warehouse,password\ntoday,Today,staff,BENCH,$PASSWORD\n"));
    $bench->ctl('users', 'import', $bench->write_file('before.csv', "username,full_name,role,warehouse,password_hash\nbefore,Before,staff,BENCH,$bcrypt\n"));
    return;
}

# ms of CPU that nginx has used so far, by the scheduler's own account.
sub nginx_cpu {
    my ($bench) = @_;
    return sum0(map { (split ' ', eval { StockVerify::Bench::read_file($_) } // 0)[0] / 1e6 }
                map { glob "/proc/$_/task/*/schedstat" } StockVerify::Bench::family($bench->{stack}{pids}{nginx}));
}

# ms of one login, of CPU in nginx meanwhile, and what it was answered.
sub login {
    my ($bench, $name, $password) = @_;
    my ($cpu, $began) = (nginx_cpu($bench), time);
    my $answer = $bench->{ua}->post("$bench->{url}/api/auth/login", json => { username => $name, password => $password })->result;
    my $ms = (time - $began) * 1000;
    return ($ms, nginx_cpu($bench) - $cpu, $answer->code . ' ' . ($answer->json->{error}{code} // ''));
}

# Median and spread of each kind, then the greatest difference of two medians.
sub rows {
    my ($what, $logins, $ms) = @_;
    my (@rows, @medians);
    for my $kind (sort keys %$ms) {
        my @sorted = sort { $a <=> $b } @{ $ms->{$kind} };
        push @medians, StockVerify::Bench::median(@sorted);
        push @rows, [ "$kind: $what, median of $logins", sprintf('%.1f', $medians[-1]),
                      sprintf('a tenth below %.1f, a tenth above %.1f', @sorted[ $logins / 10, $logins * 9 / 10 ]) ];
    }
    @medians = sort { $a <=> $b } @medians;
    return (@rows, [ "greatest difference of the medians, $what", sprintf('%.1f', $medians[-1] - $medians[0]), 'wanted: less than they spread' ]);
}

sub refused_in_turn {
    my ($bench, $title) = @_;
    my ($logins, %ms, %cpu, %answers) = ($LOGINS_A_SECOND * $bench->{seconds});
    for (1 .. $logins) {
        for my $kind (shuffle sort keys %NAMES) {
            my ($ms, $cpu, $answer) = login($bench, $NAMES{$kind}, "wrong $_");
            push @{ $ms{$kind} }, $ms;
            push @{ $cpu{$kind} }, $cpu;
            $answers{$answer}++;
        }
    }
    $bench->table($title, rows('ms', $logins, \%ms), rows('ms of CPU', $logins, \%cpu),
        [ 'answers', join(', ', map { "$answers{$_} x $_" } sort keys %answers), 'must be one kind' ]);
    return;
}

sub login_measure {
    my ($bench) = @_;
    add_accounts($bench);
    refused_in_turn($bench, 'refused logins while a bcrypt hash is left');
    my $answer = (login($bench, 'before', $PASSWORD))[2];
    die "login: the right password is answered $answer\n" unless $answer =~ /^200/;
    refused_in_turn($bench, 'refused logins once none is left');
    return;
}

return { prepare => sub { $_[0]{settings} = [ 'LOGIN_ATTEMPTS=1000', 'LOGIN_ADDRESS_ATTEMPTS=100000' ] }, measure => \&login_measure };
