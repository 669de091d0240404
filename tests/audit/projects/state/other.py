MODE = "a"
LEVEL = 1
LIMITS = []
counter = 0


class Settings:
    debug = False


settings = Settings()


def bump():
    global counter
    counter += 1
