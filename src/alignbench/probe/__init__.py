"""What a model can show before anything is swept: does it answer in the format, react to a country, in the right way?

``recipe`` holds the knobs, ``questions`` who is asked what, ``figures`` what the answers say, ``design`` how small an
effect a comparison of so many cultures, questions and seeds would find, ``verdict`` the one sentence with its reasons,
``measure`` the stage that puts them together, ``page`` and ``summary`` show its record. No item of a test battery is
asked, and no answer to one is read.
"""
