package StockVerify::Bench;

# What every benchmark shares: a stack of its own, tokens and racks in bulk, wrk and the open-loop client, CPU and
# memory of processes by /proc, and the tables.

use strict;
use warnings;
use File::Temp ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time sleep);
use Mojo::UserAgent;
use StockVerify::Interrupt;

my $TICK = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $PAGE = POSIX::sysconf(POSIX::_SC_PAGESIZE());
my $JSON = JSON::PP->new->canonical;

# root => the project's folder, build => its build folder, seconds => the length of one measurement, settings => [NAME=VALUE, ...]
sub new {
    my ($class, %option) = @_;
    my $self = bless {%option, figures => []}, $class;
    $self->{seconds} //= 8;
    $self->{build} //= $ENV{STOCKVERIFY_BUILD} // "$self->{root}/build";
    $self->{dir} = File::Temp->newdir('stockverify-bench-XXXXXX', TMPDIR => 1);
    $self->{ua} = Mojo::UserAgent->new(max_connections => 50, inactivity_timeout => 60);
    return $self;
}

sub start {
    my ($self) = @_;
    my @settings = map { ('--settings', $_) } 'SYNC_RATE_LIMIT=0', 'ACCESS_TOKEN_TTL=7200', @{ $self->{settings} // [] };
    run("$self->{root}/scripts/stack", 'up', '--no-history', '--dir', "$self->{dir}/stack", @settings);
    $self->{stack} = $JSON->decode(read_file("$self->{dir}/stack/stack.json"));
    $self->{url} = $self->{stack}{url};
    ($self->{host}) = $self->{url} =~ m{^http://([^/]+)};
    return $self;
}

sub stop {
    my ($self) = @_;
    run("$self->{root}/scripts/stack", 'down', '--dir', "$self->{dir}/stack") if $self->{stack};
    delete $self->{stack};
    return;
}

sub DESTROY { my ($self) = @_; local ($@, $?); eval { $self->stop }; return }

sub file { return "$_[0]{dir}/$_[1]" }

sub read_file {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

sub write_file {
    my ($self, $name, $text) = @_;
    my $path = $self->file($name);
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
    return $path;
}

# Runs a command, gives its output; dies with it when the command fails.
# What a program prints. What it says on stderr (a library's warning, say) is no part of that; it is told when the program fails.
sub run {
    my @command = @_;
    my $errors = File::Temp->new;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', $errors;
        exec @command or POSIX::_exit(127);
    }
    my $text;
    if (!eval { local $/; $text = <$out> // ''; 1 }) {
        my $why = $@;
        kill TERM => $pid;
        close $out;
        die $why;
    }
    return $text if close $out;
    seek $errors, 0, 0;
    die "@command:\n" . substr($text . do { local $/; <$errors> // '' }, -3000) . "\n";
}

sub ctl {
    my ($self, @arguments) = @_;
    return run("$self->{build}/stockverifyctl", '-c', "$self->{dir}/stack/worker.conf", @arguments);
}

# Racks B00001..., one warehouse; items BENCH-00000...
sub add_racks {
    my ($self, $count) = @_;
    my $csv = "rack_id,warehouse,floor,zone,estimated_items\n";
    $csv .= sprintf "B%05d,BENCH,F%d,Z%d,100\n", $_, $_ % 3 + 1, $_ % 20 for 1 .. $count;
    $self->ctl('racks', 'import', $self->write_file('racks.csv', $csv));
    return map { sprintf 'B%05d', $_ } 1 .. $count;
}

sub add_items {
    my ($self, $count) = @_;
    my $csv = "item_code,item_name,warehouse,stock_qty,unit_cost\n";
    $csv .= sprintf "BENCH-%05d,Bench item %d,BENCH,%d,1.25\n", $_, $_, $_ % 50 for 0 .. $count - 1;
    $self->ctl('items', 'import', $self->write_file('items.csv', $csv));
    return;
}

# Tokens of `count` new users of the warehouse BENCH: staff, or of another role.
sub add_users {
    my ($self, $count, $role) = @_;
    my $name = 'bench' . ($role // '');
    my $password = join '', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. 16;
    my $csv = "username,full_name,role,warehouse,password\n";
    $csv .= "$name$_,Bench User $_," . ($role // 'staff') . ",BENCH,$password\n" for 1 .. $count;
    $self->ctl('users', 'import', $self->write_file('users.csv', $csv));
    return map { $self->call(POST => '/api/auth/login', undef, { username => "$name$_", password => $password })
                   ->{access_token} } 1 .. $count;
}

# One call; gives its data, dies on a refusal.
sub call {
    my ($self, $method, $path, $token, $body) = @_;
    my %headers = (defined $token ? (Authorization => "Bearer $token") : ());
    my $result = $self->{ua}->start($self->{ua}->build_tx($method => "$self->{url}$path", \%headers,
                                                           defined $body ? (json => $body) : ()))->result;
    die "$method $path: " . $result->code . ' ' . $result->body . "\n" unless $result->is_success;
    return $result->json->{data};
}

# Claims the racks, spread over the tokens, 32 at a time; gives [session, token] pairs.
sub claim_racks {
    my ($self, $tokens, @racks) = @_;
    my (@sessions, @failures, $i);
    my $next;
    $next = sub {
        my $rack = shift @racks or return;
        my $token = $tokens->[ $i++ % @$tokens ];
        return $self->{ua}->post_p("$self->{url}/api/racks/$rack/claim", { Authorization => "Bearer $token" }, json => {})
            ->then(sub {
                my $result = $_[0]->result;
                push @{ $result->is_success ? \@sessions : \@failures },
                    $result->is_success ? [ $result->json->{data}{session_id}, $token ] : $result->body;
                return $next->();
            });
    };
    Mojo::Promise->all(map { $next->() // () } 1 .. 32)->wait;
    die "claims failed: $failures[0]\n" if @failures;
    return @sessions;
}

# wrk over 32 connections, or BENCH_CONNECTIONS, with a script of bench/wrk; gives its figures and `per_s`.
sub wrk {
    my ($self, $script, $url, $seconds, %environment) = @_;
    local @ENV{ keys %environment } = values %environment;
    local $ENV{LUA_PATH} = "$self->{root}/bench/wrk/?.lua;;";
    my $out = run('wrk', '-t2', '-c' . ($environment{BENCH_CONNECTIONS} // 32), "-d${seconds}s", '--timeout', '10s', '-s', "$self->{root}/bench/wrk/$script", $url);
    my ($json) = $out =~ /JSON (\{.*\})/ or die "wrk said nothing:\n$out\n";
    my $got = $JSON->decode($json);
    # Without an answer there is no rate, nor a cost of one request.
    $got->{requests} or die "no answer within $seconds s ($got->{socket} connections failed): measure longer, with --seconds\n";
    $got->{per_s} = $got->{requests} / $got->{us} * 1e6;
    return $got;
}

# The open-loop client.
sub open_loop {
    my ($self, $host, $requests_file, %option) = @_;
    my @command = ($self->http_load, map { ("--$_", $option{$_}) } sort keys %option);
    my $out = run('sh', '-c', "exec @command $host < $requests_file 2>&1");
    my $got = $JSON->decode(($out =~ /^(\{.*\})/m)[0] // '{}');
    ($got->{first_refusal}) = $out =~ /^first refusal: (.*)/m;
    return $got;
}

sub http_load {
    my ($self) = @_;
    my $program = "$self->{build}/bench/http_load";
    run('make', '-s', '-C', $self->{root}, "BUILD=$self->{build}", $program =~ s{^\Q$self->{root}\E/}{}r) unless -x $program;
    return $program;
}

# CPU seconds of a process and its children so far.
sub cpu {
    my ($pid) = @_;
    my $total = 0;
    for my $p (family($pid)) {
        my $stat = eval { read_file("/proc/$p/stat") } // next;
        my @fields = split ' ', ($stat =~ s/^.*\) //sr);
        $total += ($fields[11] + $fields[12]) / $TICK;
    }
    return $total;
}

# The commands that a heartbeat of this session sends to Redis, as redis-benchmark takes them: read off Redis' own MONITOR,
# so that they are the same with the same arguments.
sub heartbeat_commands {
    my ($self, $session) = @_;
    my ($id, $token) = @$session;
    my $pid = open my $monitor, '-|', 'redis-cli', $self->redis_address, '--no-auth-warning', 'monitor' or die "redis-cli: $!\n";
    my $ready = <$monitor>;
    $self->call(POST => "/api/sessions/$id/heartbeat", $token, {});
    my @commands;
    while (defined(my $line = <$monitor>)) {
        my ($words) = $line =~ /\d \[\d+ (?!lua)\S+\] (.*)/ or next;
        push @commands, [map { s/\\(["\\])/$1/gr } $words =~ /"((?:[^"\\]|\\.)*)"/g];
        last if lc $commands[-1][0] eq 'zadd';
    }
    kill TERM => $pid;
    close $monitor;
    return grep { $_->[0] =~ /\A(?:TIME|HMGET|GETEX|PEXPIRE|ZADD)\z/ } @commands;
}

# Runs `work` while a part of the stack is held, and gives its result.
sub without {
    my ($self, $part, $work) = @_;
    my $pid = $self->{stack}{pids}{$part};
    kill STOP => $pid or die "$part: $!\n";
    my $got = eval { $work->() };
    my $failure = $@;
    kill CONT => $pid;
    die $failure unless $got;
    return $got;
}

# How often Redis has run each command so far: { getex => 12, ... }.
sub redis_calls {
    my ($self) = @_;
    my $stats = run('redis-cli', $self->redis_address, '--no-auth-warning', 'info', 'commandstats');
    return { $stats =~ /^cmdstat_(\S+?):calls=(\d+)/mg };
}

# -h, -p and -a of the stack's Redis, from redis://:PASSWORD@HOST:PORT/DB.
sub redis_address {
    my ($self) = @_;
    my ($password, $host, $port) = $self->{stack}{redis} =~ m{^redis://(?::([^@]*)@)?([^:/]+):(\d+)}
        or die "stack.json: redis is $self->{stack}{redis}\n";
    return ('-h', $host, '-p', $port, defined $password ? ('-a', $password) : ());
}

# Resident MB of each process of the family but the first (nginx' master).
sub resident_mb {
    my ($pid) = @_;
    my (undef, @children) = family($pid);
    return map { (split ' ', read_file("/proc/$_/statm"))[1] * $PAGE / 1048576 } @children;
}

sub nginx_mb { return resident_mb($_[0]{stack}{pids}{nginx}) }

sub family {
    my (@queue) = @_;
    my @found;
    while (defined(my $pid = shift @queue)) {
        push @found, $pid;
        my $children = eval { read_file("/proc/$pid/task/$pid/children") } // '';
        push @queue, split ' ', $children;
    }
    return @found;
}

# Runs `work` and gives its result with the CPU seconds each named part of the stack used meanwhile, and the commands it
# ran as `client`.
sub metered {
    my ($self, $work) = @_;
    my $pids = $self->{stack}{pids};
    my %before = map { $_ => cpu($pids->{$_}) } keys %$pids;
    my (undef, undef, @client_before) = times;
    my $got = $work->();
    my (undef, undef, @client) = times;
    $got->{cpu} = { map { $_ => cpu($pids->{$_}) - $before{$_} } keys %$pids };
    $got->{cpu}{client} = $client[0] + $client[1] - $client_before[0] - $client_before[1];
    return $got;
}

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return @sorted ? $sorted[ $#sorted / 2 ] : 0;
}

# A bare nginx with `return 200` beside the stack, with as many processes and an access log like the stack's; gives its
# host:port.  `metered` counts it as `static`.
sub start_static {
    my ($self) = @_;
    my $port = free_port();
    my $conf = $self->write_file('static.conf', <<"CONF");
daemon on; worker_processes 2; pid $self->{dir}/static.pid; error_log $self->{dir}/static.log;
events { worker_connections 4096; }
http {
    log_format like '\$remote_addr \$remote_user [\$time_iso8601] "\$request_method \$uri" \$status '
                    '\$request_length \$body_bytes_sent \$request_time \$connection';
    access_log $self->{dir}/static-access.log like buffer=64k flush=1s;
    keepalive_requests 1000000;
    client_body_temp_path $self->{dir}/static_body;
    server { listen 127.0.0.1:$port; location / { return 200 '{"success":true,"data":{"session_id":"x","rack_lock_renewed":true},"error":null,"message":"OK"}'; } } }
CONF
    run('nginx', '-c', $conf);
    $self->{static} = $conf;
    $self->{stack}{pids}{static} = 0 + read_file("$self->{dir}/static.pid");
    return "127.0.0.1:$port";
}

sub stop_static {
    my ($self) = @_;
    my $conf = delete $self->{static} or return;
    delete $self->{stack}{pids}{static};
    run('nginx', '-c', $conf, '-s', 'quit');
    return;
}

sub free_port {
    require IO::Socket::INET;
    my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "no free port: $!\n";
    return $socket->sockport;
}

# title, then rows of [name, value, unit or note]
sub table {
    my ($self, $title, @rows) = @_;
    printf "\n%s (MongoDB server: %s)\n", $title, $self->{stack}{mongodb_server} // 'see stack.json';
    for my $row (@rows) {
        my ($name, $value, $note) = @$row;
        printf "  %-58s %12s  %s\n", $name, $value =~ /^-?\d*\.\d{3,}/ ? sprintf('%.2f', $value) : $value, $note // '';
        push @{ $self->{figures} }, { subject => $title, name => $name, value => $value, note => $note };
    }
    return;
}

1;
