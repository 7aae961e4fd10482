package StockVerify::Parts;

# What each part of a local stack is: its command, its files, when it is ready and how it is asked to end.

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use StockVerify::Lan;
use StockVerify::Redis;
use StockVerify::Reservation qw(reserve_port reserve_name port_is_free);

my %READY = (redis => \&redis_is_ready, mongodb => \&mongodb_is_ready, worker => \&worker_is_ready, nginx => \&nginx_is_ready);
my %STOP = (redis => 'TERM', mongodb => 'TERM', worker => 'TERM', nginx => 'QUIT');

sub is_ready    { my ($stack, $part) = @_; return $READY{$part}->($stack) }
sub stop_signal { return $STOP{ $_[0] } }

# Decides what runs where, before anything is started: the content of stack.json.
sub plan {
    my ($stack, %option) = @_;
    my $directory = $stack->{directory};
    my $state = {
        state     => 'starting',
        directory => $directory,
        build     => $stack->{build},
        asan      => $option{asan} ? JSON::PP::true : JSON::PP::false,
        logs      => { map { ($_ => "$directory/log/$_.log") } qw(redis mongodb worker nginx error access) },
        pids      => {},
        started   => {},
        commands  => {},
        env       => {},
        users     => [],
        settings  => $stack->{table}->normalise($option{settings} || {}),
        nginx     => { map { ($_ => $option{$_} // '') } qw(main server log_level) },
        jwt_key_file    => "$directory/secrets/jwt.key",
        secret_key_file => "$directory/secrets/secret.key",
        worker_conf     => "$directory/worker.conf",
    };
    %{ $state->{settings} } = (StockVerify::Erp::settings($stack), %{ $state->{settings} }) if $option{erp};
    shorten_heartbeat($state->{settings});
    plan_redis($stack, $state, !$option{stores_only}, $option{redis_user_rules});
    plan_mongodb($stack, $state);
    return $state if $option{stores_only};
    plan_nginx($stack, $state, @option{qw(port lan)});
    my $suffix = $option{asan} ? '-asan' : '';
    $state->{commands}{worker} = ["$stack->{build}/stockverify-worker$suffix", '-c', "$directory/worker.conf"];
    return $state;
}

# The heartbeat told to clients must be shorter than the lease: who shortens the one need not name the other.
sub shorten_heartbeat {
    my ($settings) = @_;
    my $ttl = $settings->{RACK_LOCK_TTL} // return;
    return if $ttl !~ /^\d+$/ || $ttl > 25 || defined $settings->{HEARTBEAT_INTERVAL};
    $settings->{HEARTBEAT_INTERVAL} = $ttl > 3 ? int($ttl / 2) : 1;
    return;
}

sub plan_redis {
    my ($stack, $state, $locked, $rules) = @_;
    my $directory = $stack->{directory};
    if (defined $ENV{REDIS_HOST} && length $ENV{REDIS_HOST}) {
        @{$state}{qw(redis_host redis_port redis_password)} =
            ($ENV{REDIS_HOST}, ($ENV{REDIS_PORT} // 6379) + 0, $ENV{REDIS_PASSWORD} // '');
        $state->{redis_db} = empty_database($stack, $state);
    } else {
        @{$state}{qw(redis_host redis_port redis_db)} = ('127.0.0.1', reserve_port($directory), 0);
        $state->{redis_password} = $locked ? secret_file("$directory/secrets/redis.password") : '';
        # A user of the parts' own, with these rules, beside the stack's own, who may do everything.
        $state->{redis_user_rules} = $rules // '';
        $state->{commands}{redis} = ['redis-server', "$directory/redis.conf"];
    }
    my $password = $state->{redis_password} =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger;
    $state->{redis} = sprintf 'redis://%s%s:%d/%d', length $password ? ":$password\@" : '',
        @{$state}{qw(redis_host redis_port redis_db)};
    return;
}

# A database of someone's Redis that holds nothing and that no other stack took; it is emptied at the end.
sub empty_database {
    my ($stack, $state) = @_;
    my $address = StockVerify::Redis::address(@{$state}{qw(redis_host redis_port)});
    for my $number (length($ENV{REDIS_DB} // '') ? $ENV{REDIS_DB} : 0 .. 15) {
        my $redis = eval { StockVerify::Redis->new(address => $address, password => $state->{redis_password}, database => $number) };
        die $@ unless $redis || $number > 0;
        next unless $redis && $redis->command('DBSIZE') == 0;
        return $number + 0 if reserve_name($stack->{directory}, "redis-$address-$number");
    }
    die "no empty database at the Redis of REDIS_HOST, $address\n";
}

sub plan_mongodb {
    my ($stack, $state) = @_;
    my $directory = $stack->{directory};
    if (defined $ENV{MONGODB_URI} && length $ENV{MONGODB_URI}) {
        $state->{mongodb} = $ENV{MONGODB_URI};
        $state->{database} = 'stock_verify_' . random_hex(6);
        $state->{mongodb_kind} = 'own';
        return;
    }
    my $found = `$stack->{root}/scripts/deps --mongodb-server`;
    my ($kind, $path) = split ' ', $found, 2;
    die "no MongoDB server: run scripts/deps stack, or set MONGODB_URI\n" unless $path;
    chomp $path;
    my $port = reserve_port($directory);
    my $data = "$directory/data/mongodb";
    my @secantus = ('--config', "$directory/secantusd.toml", '--host', '127.0.0.1', '--port', "$port", '--storage-path', $data,
        '--log-level', 'WARNING', '--cache-size', '1G', '--sync-on-commit');
    my %arguments = (
        'mongod'       => ['--replSet', 'rs0', '--bind_ip', '127.0.0.1', '--port', "$port", '--dbpath', $data, '--quiet'],
        'secantusd-rs' => [@secantus, '--log-file-max', '32MB'],
        'secantusd-py' => \@secantus,
    );
    # The server written in Python takes its time over a bulk of a thousand.
    $state->{settings}{MONGODB_TIMEOUT} //= 60_000 if $kind eq 'secantusd-py';
    $state->{commands}{mongodb} = [$path, @{ $arguments{$kind} }];
    $state->{mongodb} = "mongodb://127.0.0.1:$port/?directConnection=true";
    $state->{mongodb_kind} = $kind;
    $state->{mongodb_port} = $port;
    $state->{database} = 'stock_verify';
    return;
}

sub plan_nginx {
    my ($stack, $state, $port, $lan) = @_;
    my $directory = $stack->{directory};
    check_port($port) if defined $port;
    $state->{port} = ($port // reserve_port($directory)) + 0;
    $state->{flat_port} = reserve_port($directory);
    $state->{lan} = StockVerify::Lan::plan($stack, $lan) if defined $lan;
    $state->{url} = "http://127.0.0.1:$state->{port}";
    $state->{url_flat} = "http://127.0.0.1:$state->{flat_port}";
    $state->{module} = $stack->{build} . ($state->{asan} ? '/asan' : '') . '/ngx_stockverify_module.so';
    $state->{commands}{nginx} =
        [nginx_program(), '-p', "$directory/", '-c', "$directory/nginx.conf", '-e', "$directory/log/error.log"];
    return unless $state->{asan};
    # nginx itself is Debian's: the sanitizer's library must be there before the module is.
    my @libraries = map { chomp(my $path = `gcc -print-file-name=$_`); $path } qw(libasan.so libubsan.so);
    my $options = "log_path=$directory/log/sanitizer:abort_on_error=0";
    $state->{env}{nginx} = {
        LD_PRELOAD    => join(' ', @libraries),
        # What nginx keeps until its process ends is no leak.
        ASAN_OPTIONS  => "detect_leaks=0:$options",
        UBSAN_OPTIONS => "print_stacktrace=1:$options",
    };
    $state->{env}{worker} = { ASAN_OPTIONS => $options, UBSAN_OPTIONS => "print_stacktrace=1:$options" };
    return;
}

# Whoever has the port would answer in nginx' place, and be taken for it.
sub check_port {
    my ($port) = @_;
    die "--port takes a number from 1 to 65535, not $port\n" if $port < 1 || $port > 65535;
    port_is_free($port) or die "port $port cannot be listened on: $!; without --port a free one is taken\n";
    return;
}

sub nginx_program {
    my ($program) = grep { -x } '/usr/sbin/nginx', map { "$_/nginx" } split /:/, $ENV{PATH};
    return $program // die "nginx is not installed: run scripts/deps\n";
}

sub random_hex {
    my ($bytes) = @_;
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    my $data;
    read $random, $data, $bytes;
    return unpack 'H*', $data;
}

# A secret that lives as long as the run directory: made once, read again.
sub secret_file {
    my ($file) = @_;
    StockVerify::Stack::write_file($file, random_hex(32) . "\n") unless -s $file;
    open my $in, '<', $file or die "$file: $!\n";
    chomp(my $secret = <$in>);
    return $secret;
}

sub write_files {
    my ($stack) = @_;
    my ($state, $directory, $table) = @{$stack}{qw(state directory table)};
    secret_file($state->{$_}) for qw(jwt_key_file secret_key_file);
    my %value = (
        REDIS_HOST       => $state->{redis_host},
        REDIS_PORT       => $state->{redis_port},
        REDIS_DB         => $state->{redis_db},
        MONGODB_URI      => $state->{mongodb},
        MONGODB_DATABASE => $state->{database},
        JWT_KEY_FILE     => $state->{jwt_key_file},
        SECRET_KEY_FILE  => $state->{secret_key_file},
        SPOOL_DIR        => "$directory/spool",
        SCRATCH_DIR      => "$directory/tmp",
    );
    if (length $state->{redis_password}) {
        $value{REDIS_PASSWORD_FILE} = "$directory/secrets/redis.password";
        StockVerify::Stack::write_file($value{REDIS_PASSWORD_FILE}, "$state->{redis_password}\n");
        $value{REDIS_USER} = 'stockverify' if length($state->{redis_user_rules} // '');
    }
    %value = (%value, %{ $state->{settings} });
    StockVerify::Stack::write_file("$directory/worker.conf", $table->worker_text(\%value));
    StockVerify::Stack::write_file("$directory/secantusd.toml", '');
    my $password = length $state->{redis_password} ? "requirepass $state->{redis_password}" : '';
    $password .= "\nuser stockverify on >$state->{redis_password} $state->{redis_user_rules}" if length($state->{redis_user_rules} // '');
    StockVerify::Stack::write_file("$directory/redis.conf", <<"END") if $state->{commands}{redis};
bind 127.0.0.1
port $state->{redis_port}
$password
save ""
appendonly no
daemonize no
dir $directory/data/redis
END
    write_nginx_conf($stack, \%value) if $state->{commands}{nginx};
    return;
}

# Debian's libnginx-mod-http-brotli-static, or nothing where it is not installed.
sub brotli_module {
    my $module = '/usr/lib/nginx/modules/ngx_http_brotli_static_module.so';
    return -e $module ? $module : undef;
}

sub write_nginx_conf {
    my ($stack, $value) = @_;
    my ($state, $directory) = @{$stack}{qw(state directory)};
    my $brotli = brotli_module();
    my %fill = (
        DIR       => $directory,
        ROOT      => $stack->{root},
        BUILD     => $stack->{build},
        USER      => $> == 0 ? 'user root;' : '',
        MODULE    => $state->{module},
        BROTLI_MODULE => $brotli ? "load_module $brotli;" : '',
        BROTLI    => $brotli ? 'brotli_static on;' : '',
        MAIN      => $state->{nginx}{main},
        SERVER    => $state->{nginx}{server},
        LOG_LEVEL => $state->{nginx}{log_level} || 'notice',
        PORT      => $state->{port},
        FLAT_PORT => $state->{flat_port},
        LAN       => $state->{lan} ? StockVerify::Lan::listen_lines($state->{lan}) : '',
        LAN_AUTHORITY => $state->{lan} ? StockVerify::Lan::authority_server($state->{lan}) : '',
        SETTINGS  => $stack->{table}->nginx_text($value, '    '),
    );
    StockVerify::Lan::make_certificate($stack) if $state->{lan};
    my $file = "$stack->{root}/conf/nginx.stack.conf.in";
    open my $in, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/^#.*\n//mg;
    $text =~ s/\@([A-Z_]+)\@/$fill{$1} \/\/ die "$file: unknown \@$1\@\n"/ge;
    StockVerify::Stack::write_file("$directory/nginx.conf", $text);
    return;
}

sub redis_is_ready {
    my ($stack) = @_;
    my $redis = eval { $stack->redis } or return 0;
    return (eval { $redis->command('PING') } // '') eq 'PONG';
}

sub mongodb_is_ready {
    my ($stack) = @_;
    my $state = $stack->{state};
    if ($state->{mongodb_port}) {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $state->{mongodb_port}, Timeout => 1) or return 0;
    }
    $stack->{mongo} ||= $stack->mongo;
    my $hello = eval { $stack->{mongo}->run('{"hello": 1}') };
    die $@ if !$hello && $@ =~ /^mongo-shell/;
    $stack->{refusal}{mongodb} //= $@ unless $hello;
    $hello //= {};
    if ($state->{mongodb_kind} eq 'mongod' && !$hello->{setName} && $hello->{ok}) {
        my $member = "127.0.0.1:$state->{mongodb_port}";
        eval {
            $stack->{mongo}->run(qq({"replSetInitiate": {"_id": "rs0", "members": [{"_id": 0, "host": "$member"}]}}));
        };
    }
    return 0 unless $hello->{isWritablePrimary};
    delete $stack->{mongo};
    return 1;
}

# The worker says so itself, in what this start of it wrote to the log.
sub worker_is_ready {
    my ($stack) = @_;
    open my $log, '<', $stack->{state}{logs}{worker} or return 0;
    seek $log, $stack->{log_start}{worker} // 0, 0;
    return scalar grep { /"event":"worker\.ready"/ } <$log>;
}

# The status line of a GET answer; undef when nobody answers.
sub http_status {
    my ($port, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 2) or return;
    print {$socket} "GET $path HTTP/1.0\r\nHost: localhost\r\n\r\n";
    my $line = <$socket> // return;
    return $line =~ m{^HTTP/1\.\d (\d{3})} ? $1 : undef;
}

sub nginx_is_ready {
    my ($stack) = @_;
    return (http_status($stack->{state}{port}, '/api/health') // 0) == 200;
}

# Servers of the caller's own are left as they were found.
sub forget {
    my ($stack) = @_;
    my $state = $stack->{state};
    if (!$state->{commands}{mongodb}) {
        eval { $stack->mongo->run('{"dropDatabase": 1}') };
        unlink map { $stack->file($_) } qw(seeded demo/counted);
    }
    if (!$state->{commands}{redis}) {
        eval { $stack->redis->command('FLUSHDB') };
    }
    return;
}

1;
