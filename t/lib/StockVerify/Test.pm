package StockVerify::Test;

# Black-box tests over HTTP against a stack of the test's own.
#
#     use StockVerify::Test;
#     my $stack  = start_stack(settings => { RACK_LOCK_TTL => 3 });
#     my $asha   = $stack->login('staff');
#     my $answer = $asha->post('/api/racks/' . $stack->rack . '/claim', {});
#     is $answer->status, 200, 'a free rack is claimed' or diag $answer->text;
#     done_testing;
#
# done_testing stops the stack and fails the test when a log holds what no test may cause: an alert, a crit or an
# emerg, a sanitizer's report, a leaked socket, an error that was not announced with $stack->expect_log.

use strict;
use warnings;
use utf8;
use Cwd ();
use Digest::SHA 'sha256_hex';
use Exporter ();
use File::Basename qw(basename dirname);
use File::Spec ();
use File::Temp ();
use Mojo::Promise;
use Mojo::UserAgent;
use POSIX ();
use Test::More ();

my $root;
BEGIN { $root = Cwd::abs_path(dirname(__FILE__) . '/../../..') }
use lib "$root/scripts/lib";
use StockVerify::Client;
use StockVerify::Production;
use StockVerify::Process ();
use StockVerify::Stack;

our @EXPORT = qw(start_stack wait_until done_testing plain job_id_in write_file);
my @stacks;

sub import {
    my ($class) = @_;
    strict->import;
    warnings->import;
    utf8->import;
    my $package = caller;
    my @shared = grep { $_ ne 'done_testing' } @Test::More::EXPORT;
    no strict 'refs';
    *{"${package}::$_"} = \&{"Test::More::$_"} for grep { /^\w/ } @shared;
    *{"${package}::TODO"} = \${'Test::More::TODO'};
    *{"${package}::$_"} = \&{$_} for @EXPORT;
    binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);
    return;
}

# Options: settings {NAME => VALUE}, server (text for nginx's server block), main (for its outermost), asan,
# seed => 0 for an empty database, http2 => 1 for the configuration for production over TLS and HTTP/2 (with
# STOCKVERIFY_TEST_HTTP2 in the environment every test runs so).
sub start_stack {
    my (%option) = @_;
    my $base = $ENV{STOCKVERIFY_TEST_RUNS} // File::Spec->tmpdir;
    my $directory = File::Temp::tempdir('stockverify-' . basename($0, '.t') . '-XXXXXX', DIR => $base);
    my $stack = StockVerify::Stack->new(root => $root, directory => $directory, quiet => 1);
    my $self = bless { stack => $stack, directory => $directory, owner => $$, expected => [], next => {} }, __PACKAGE__;
    push @stacks, $self;
    my $seed = $option{seed} // 1;
    eval { $stack->up(%option, asan => $option{asan} // $ENV{STOCKVERIFY_TEST_ASAN}, template => $seed && template($stack)); 1 }
        or do { my $why = $@; $self->keep_logs; Test::More::BAIL_OUT("no stack: $why") };
    $self->{ua} = Mojo::UserAgent->new(connect_timeout => 10, inactivity_timeout => 90, request_timeout => 90,
        max_connections => 512, max_redirects => 0);
    $self->{ua}->transactor->name('stockverify-test');
    @{$self}{qw(plain_ua plain_url)} = ($self->{ua}, $self->url);
    StockVerify::Production::serve($self) if $option{http2} // $ENV{STOCKVERIFY_TEST_HTTP2};
    return $self;
}

# Where seeded stores are kept, named after all that a seed depends on.
sub template {
    my ($stack) = @_;
    my @inputs = ("$stack->{build}/stockverifyctl", "$root/scripts/demo-data", glob "$root/scripts/lib/StockVerify/*.pm");
    my $kind = $ENV{MONGODB_URI} ? '' : `$root/scripts/deps --mongodb-server`;
    return "$stack->{build}/templates/" . substr sha256_hex(join "\n", $kind, map { join ' ', (stat)[7, 9] } @inputs), 0, 16;
}

sub url      { return $_[0]{stack}{state}{url} }
sub url_flat { return $_[0]{stack}{state}{url_flat} }
sub state    { return $_[0]{stack}{state} }
sub users    { my ($self, $role) = @_; return grep { !$role || $_->{role} eq $role } @{ $self->state->{users} } }

# Rows of the demo data: 'racks', 'items' or 'expected', as hashes.
sub demo {
    my ($self, $name) = @_;
    return @{ $self->{demo}{$name} ||= $self->read_demo($name) };
}

sub read_demo {
    my ($self, $name) = @_;
    open my $in, '<:encoding(UTF-8)', "$self->{directory}/demo/$name.csv" or die "demo/$name.csv: $!\n";
    my @rows;
    while (my $line = <$in>) {
        chomp $line;
        my @fields;
        while ($line =~ /\G(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g) {
            push @fields, defined $1 ? $1 =~ s/""/"/gr : $2;
            last if pos($line) >= length $line && $line !~ /,$/;
        }
        push @rows, \@fields;
    }
    my $names = shift @rows;
    return [map { my %row; @row{@$names} = @$_; \%row } @rows];
}

# A rack of the first warehouse that no test step has asked for before. Filters: floor, warehouse.
sub rack {
    my ($self, %filter) = @_;
    $filter{warehouse} //= ($self->demo('racks'))[0]{warehouse};
    for my $rack ($self->demo('racks')) {
        next if $self->{taken}{ $rack->{rack_id} } || grep { $rack->{$_} ne $filter{$_} } keys %filter;
        $self->{taken}{ $rack->{rack_id} } = 1;
        return $rack->{rack_id};
    }
    die "no rack is left\n";
}

# Completes all other racks of the count that expect one of these items, with nothing more found there: their lines are complete.
sub finish_racks {
    my ($self, $user, $count, @codes) = @_;
    my %wanted = map { ($_ => 1) } @codes;
    my %seen;
    for my $rack (grep { !$seen{$_}++ } map { $_->{rack_id} } grep { $wanted{ $_->{item_code} } } $self->demo('expected')) {
        my $claim = $user->post("/api/racks/$rack/claim", { count_id => $count });
        next if ($claim->code // '') eq 'rack_completed';
        Test::More::is $claim->status, 200, "$rack is claimed" or Test::More::diag $claim->text;
        Test::More::is $user->post('/api/sessions/' . $claim->data->{session_id} . '/complete')->status, 200, 'and completed';
    }
    return;
}

# Nobody: a client without a token.
sub client {
    my ($self, %option) = @_;
    return StockVerify::Client->new(ua => $self->{ua}, url => $self->url, %option);
}

# The same without HTTP/2, for what the configuration for production shows to its own host alone: metrics.
sub plain_client {
    my ($self) = @_;
    return StockVerify::Client->new(ua => $self->{plain_ua}, url => $self->{plain_url});
}

# Logs a demo user in: by role (each call takes the next user of it, of the first warehouse first) or by username.
sub login {
    my ($self, $who, %option) = @_;
    my ($user) = ref $who ? $who : grep { $_->{username} eq $who } $self->users;
    if (!$user) {
        my $first = ($self->demo('racks'))[0]{warehouse};
        my @users = sort { ($b->{warehouse} eq $first) <=> ($a->{warehouse} eq $first) } $self->users($who);
        $user = $users[$self->{next}{$who}++ // 0] // die "no $who is left\n";
    }
    my $answer = $self->client->post('/api/auth/login', { username => $user->{username}, password => $user->{password}, %option });
    die "login of $user->{username}: " . $answer->text . "\n" unless $answer->status == 200;
    my $data = $answer->data;
    return $self->client(user => $user, user_id => $data->{user}{user_id}, token => $data->{access_token},
        refresh_token => $data->{refresh_token});
}

# Sends all requests at once, each [client, METHOD, path, option => ...]; the answers in the same order.
sub parallel {
    my ($self, @requests) = @_;
    my @answers;
    my @promises = map {
        my $number = $_;
        my ($client, @request) = @{ $requests[$number] };
        $client->request_p(@request)->then(sub { $answers[$number] = $_[0] });
    } 0 .. $#requests;
    Mojo::Promise->all(@promises)->wait if @promises;
    return @answers;
}

# Keeps `clients` requests under way until `total` were answered. request => sub ($n) gives request n as for parallel;
# answer => sub ($n, $answer) sees each; when => {n => sub} runs something once n answers came.
sub load {
    my ($self, %option) = @_;
    my ($sent, $answered) = (0, 0);
    my $next;
    $next = sub {
        return if $sent >= $option{total};
        my $number = $sent++;
        my ($client, @request) = @{ $option{request}->($number) };
        return $client->request_p(@request)->then(
            sub {
                my ($answer) = @_;
                $option{answer}->($number, $answer) if $option{answer};
                my $event = ($option{when} || {})->{ ++$answered };
                $event->() if $event;
                return $next->();
            }
        );
    };
    my $failure;
    my @lanes = map { $next->() } 1 .. ($option{clients} // 8);
    Mojo::Promise->all(grep { defined } @lanes)->catch(sub { $failure = $_[0] })->wait;
    undef $next;
    die $failure if defined $failure;
    return $answered;
}

# The promise of a request's answer that the server holds (Prefer: wait); given once MongoDB was asked for it.
sub hold {
    my ($self, $client, @request) = @_;
    my $asked = sub {
        my $figures;
        $self->plain_client->request_p(GET => '/metrics/json')->then(sub { $figures = $_[0]->json })->wait;
        return $figures->{mongodb}{count};
    };
    my $before = $asked->();
    my $promise = $client->request_p(@request);
    wait_until(sub { $asked->() > $before }, 20, 'the request to reach MongoDB');
    return $promise;
}

# The stores behind the API. Each call of `redis` is a new connection, so that it works after a restart.
sub redis { return $_[0]{stack}->redis }

# All of a Redis of our own; of another's, only the database made for this stack.
sub empty_redis { my ($self, $redis) = @_; return ($redis || $self->redis)->command($self->owns('redis') ? 'FLUSHALL' : 'FLUSHDB') }

sub mongo {
    my ($self) = @_;
    return $self->{mongo} ||= $self->{stack}->mongo;
}

# Parts: redis, mongodb, worker, nginx.
sub kill_part  { my ($self, $part) = @_; return $self->{stack}->kill_part($part) }
sub stop_part  { my ($self, $part) = @_; return $self->{stack}->stop_part($part) }
sub start_part { my ($self, $part) = @_; return $self->{stack}->start_part($part) }
sub cont_part  { my ($self, $part) = @_; return $self->{stack}->signal_part($part, 'CONT') }
sub is_running { my ($self, $part) = @_; return $self->{stack}->is_running($part) }
sub owns       { my ($self, $part) = @_; return !!$self->state->{commands}{$part} }
sub workers    { return $_[0]{stack}->nginx_workers }      # pids of nginx's worker processes

# Returns when the part stands still: the signal is sent long before the last thread of a busy process has stopped.
sub pause_part {
    my ($self, $part) = @_;
    $self->{stack}->signal_part($part, 'STOP');
    my $pid = $self->state->{pids}{$part};
    wait_until(sub { !grep { !is_stopped($_) } glob "/proc/$pid/task/*/stat" }, 20, "$part to stand still");
    return;
}

sub is_stopped {
    my ($stat) = @_;
    open my $file, '<', $stat or return 1;    # a thread that ended
    return (readline($file) // ') T ') =~ /\) T /;
}

# HUP, and until the old nginx processes stopped accepting and new ones serve.
sub reload {
    my ($self) = @_;
    my %old = map { ($_ => 1) } $self->workers;
    $self->{stack}->signal_part('nginx', 'HUP');
    wait_until(sub { my @new = grep { !$old{$_} } $self->workers; @new >= 2 }, 20, 'new nginx processes');
    return;
}

# The admin command on this stack; its output and exit status. Input is given on standard input.
sub ctl {
    my ($self, $words, $input) = @_;
    my $in = File::Temp->new;
    binmode $in, ':encoding(UTF-8)';
    print {$in} $input // '';
    close $in;
    my $out = File::Temp->new;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my $environment = $self->{stack}->environment('ctl');
        defined $environment->{$_} ? $ENV{$_} = $environment->{$_} : delete $ENV{$_} for keys %$environment;
        open STDIN, '<', "$in" or POSIX::_exit(127);
        open STDOUT, '>', "$out" or POSIX::_exit(127);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(127);
        my $command = $self->{stack}->ctl_command(@$words);
        { no warnings 'exec'; exec { $command->[0] } @$command }
        POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? >> 8 || $? & 127;
    open my $text, '<:encoding(UTF-8)', "$out" or die "$out: $!\n";
    return (do { local $/; <$text> // '' }, $status);
}

# Announces a line that would fail the test. Patterns hold for error.log and worker.log.
sub expect_log {
    my ($self, @patterns) = @_;
    push @{ $self->{expected} }, @patterns;
    return;
}

sub log_lines {
    my ($self, $name) = @_;
    open my $in, '<:encoding(UTF-8)', "$self->{directory}/log/$name.log" or return;
    return <$in>;
}

my %FORBIDDEN = (
    error  => qr/\[(?:alert|crit|emerg)\]|open socket left|Sanitizer|runtime error:/,
    nginx  => qr/\[(?:alert|crit|emerg)\]|Sanitizer|runtime error:/,
    worker => qr/"level": ?"error"|Sanitizer|runtime error:/,
);

sub complaints {
    my ($self) = @_;
    my @complaints;
    for my $name (sort keys %FORBIDDEN) {
        for my $line (grep { $_ =~ $FORBIDDEN{$name} } $self->log_lines($name)) {
            push @complaints, "$name.log: $line" unless grep { $line =~ $_ } @{ $self->{expected} };
        }
    }
    for my $report (glob "$self->{directory}/log/sanitizer.*") {
        push @complaints, "$report:\n" . StockVerify::Process::tail($report, 60);
    }
    return @complaints;
}

# Stops the stack; its logs are kept under build/test-logs when the test failed.
sub finish {
    my ($self) = @_;
    return if $self->{finished}++ || $self->{owner} != $$;
    delete $self->{mongo};
    my $stopped = eval { $self->{stack}->down; 1 };
    my $why = $@;
    my @complaints = $self->complaints;
    Test::More::ok($stopped && !@complaints, 'the stack stopped, and its logs hold nothing unexpected')
        or Test::More::diag($stopped ? '' : $why, @complaints[0 .. ($#complaints < 20 ? $#complaints : 20)]);
    $self->keep_logs unless Test::More->builder->is_passing;
    $self->{stack}->down(wipe => 1);
    return;
}

sub keep_logs {
    my ($self) = @_;
    my $keep = "$self->{stack}{build}/test-logs/" . basename($self->{directory});
    system('mkdir', '-p', $keep) == 0 and system('cp', '-r', "$self->{directory}/log", $keep) == 0
        and Test::More::diag("The stack's logs are kept in $keep");
    return;
}

sub done_testing {
    my (@count) = @_;
    $_->finish for @stacks;
    return Test::More::done_testing(@count);
}

# Writes a text of bytes; the file's name.
sub write_file {
    my ($name, $text) = @_;
    open my $out, '>', $name or die "$name: $!\n";
    print {$out} $text;
    close $out or die "$name: $!\n";
    return $name;
}

# The id that a command printed of a job it asked for; the driver may have a word of its own before it.
sub job_id_in { my ($text) = @_; return $text =~ /^([\w-]{20,})$/m ? $1 : die "no job in: $text\n" }

# Waits for a condition; a test dies when it does not come true, with what was waited for.
sub wait_until (&;$$) {
    my ($condition, $limit, $what) = @_;
    my $value = StockVerify::Process::wait_until($condition, $limit // 10);
    return $value if $value;
    die 'waited in vain for ' . ($what // 'a condition') . ' at ' . join(' line ', (caller)[1, 2]) . "\n";
}

# A document without extended JSON's wrappers: decimals and integers as numbers in text, dates as RFC 3339, ids as text.
sub plain {
    my ($value) = @_;
    return [map { plain($_) } @$value] if ref $value eq 'ARRAY';
    return $value unless ref $value eq 'HASH';
    my ($only) = keys %$value == 1 ? keys %$value : ();
    return $value->{$only} if defined $only && $only =~ /^\$(?:numberDecimal|numberLong|numberInt|numberDouble|date|oid)$/;
    return { map { ($_ => plain($value->{$_})) } keys %$value };
}

$SIG{INT} = $SIG{TERM} = sub { exit 130 };

# A test that died: its stack goes too.
END {
    my $status = $?;
    for my $self (grep { !$_->{finished} && $_->{owner} == $$ } @stacks) {
        $self->{finished} = 1;
        delete $self->{mongo};
        $self->keep_logs;
        eval { $self->{stack}->down(wipe => 1) };
    }
    $? = $status;
}

1;
